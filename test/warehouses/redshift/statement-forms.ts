/** One of each form of statement that the Redshift adapter sends, by the adapter's own rendering. */
import { positionFrom } from "../../../src/domain/position.ts"
import type { TableSchema } from "../../../src/domain/table.ts"
import type { Step } from "../../../src/replication/batch/step.ts"
import type { Run, StagedPart, TableChanges } from "../../../src/replication/contracts/warehouse.ts"
import { dialectOf, makeBooks } from "../../../src/warehouses/redshift/bookkeeping.ts"
import { existing, leftOverCopies } from "../../../src/warehouses/redshift/catalog.ts"
import { sessionSettings } from "../../../src/warehouses/redshift/connection/client.ts"
import { dropDatabase, makeDatabase } from "../../../src/warehouses/redshift/databases.ts"
import {
  claimStatements,
  isKnown,
  pipelineFence,
  readPosition,
} from "../../../src/warehouses/redshift/fence.ts"
import { namesOf, placeIn } from "../../../src/warehouses/redshift/naming.ts"
import { targetOf } from "../../../src/warehouses/redshift/render/apply-sql.ts"
import { grantsKept } from "../../../src/warehouses/redshift/render/grants.ts"
import { mendStatements } from "../../../src/warehouses/redshift/render/mend-sql.ts"
import { renderSteps } from "../../../src/warehouses/redshift/render/render.ts"
import {
  automaticLayout,
  definitions,
  layoutClause,
  type TableLayout,
} from "../../../src/warehouses/redshift/render/tables.ts"
import { versionDefinitions } from "../../../src/warehouses/redshift/render/versioned-tables.ts"
import { copyStatement } from "../../../src/warehouses/redshift/staging/copy-sql.ts"
import { newStageTables } from "../../../src/warehouses/redshift/staging/stage-tables.ts"
import { loadErrorsQuery } from "../../../src/warehouses/redshift/transactions.ts"
import { readForm } from "../../../src/warehouses/redshift/types/canonical.ts"
import { bookkeepingOf } from "../../../src/warehouses/sql/bookkeeping.ts"
import { sentBy } from "./sent-statements.ts"
import { customers, everything, lengthened, moved, widened } from "./statement-tables.ts"

export interface StatementForm {
  /** When the adapter sends it. */
  when: string
  statements: string[]
}

const names = namesOf(placeIn("databases", "shop"), { pipeline: "orders", opening: "0a1b2c3d" })

const part: StagedPart = { token: "part", rows: 1, bytes: 1 }
const at = new Date("2026-01-02T03:04:05.678Z")
const position = positionFrom("42")
const pipeline = "orders"
const changesRun = (more: Partial<Extract<Run, { kind: "changes" }>> = {}): Run => ({
  kind: "changes",
  first: 0,
  last: 9,
  insertsOnly: false,
  unchanged: [],
  ...more,
})

function changed(table: TableSchema, runs: Run[], more: Partial<TableChanges> = {}): Step {
  return { kind: "change", place: table, changes: { table, parts: [part], runs, ...more } }
}

function rendered(steps: readonly Step[]): string[] {
  const stages = newStageTables()
  const nobody = { rows: async () => [] }
  const books = bookkeepingOf(dialectOf(nobody, names))
  const statements = renderSteps({ names, books, stages, layoutOf: () => automaticLayout }, steps)
  return [
    ...stages.all.map(({ create }) => create),
    ...statements,
    ...stages.all.map(({ name }) => `DROP TABLE ${name}`),
  ]
}

const fence = { names, pipeline, generation: 3 }

function tablesMade(): string[] {
  const laidOut: TableLayout[] = [
    automaticLayout,
    { distribution: { kind: "key", column: "id" }, sort: ["id", "name"] },
    { distribution: { kind: "all" }, sort: ["id"] },
    { distribution: { kind: "even" }, sort: [] },
  ]
  const make = (table: TableSchema, columns: string[], layout: TableLayout) =>
    `CREATE TABLE ${names.loading(table)} (${columns.join(", ")}) ${layoutClause(layout)}`
  return [
    `CREATE SCHEMA IF NOT EXISTS ${names.schema("public")}`,
    `DROP TABLE IF EXISTS ${names.loading(customers)}`,
    ...laidOut.map((layout) => make(customers, definitions(customers.columns), layout)),
    make(everything, definitions(everything.columns), automaticLayout),
    make(customers, [...definitions(customers.columns), ...versionDefinitions(at)], automaticLayout),
  ]
}

function copies(): string[] {
  const copy = { table: names.loading(customers), columns: ['"id"', '"name"', '"notes"'] }
  const where = { from: "s3://staging/shop/orders/1/a.manifest", nullText: "null-0123456789abcdef01234567" }
  const region = "eu-central-1"
  return [
    copyStatement({
      ...copy,
      ...where,
      access: { kind: "role", region, arn: "arn:aws:iam::123456789012:role/load" },
    }),
    copyStatement({
      ...copy,
      ...where,
      access: { kind: "keys", region, accessKeyId: "AKID", secretAccessKey: "secret", sessionToken: "token" },
    }),
  ]
}

function mended(table: TableSchema, keeps: "versions" | "rows", key: (string | null)[]): string[] {
  const keepsVersions = keeps === "versions"
  const stages = newStageTables()
  const target = targetOf(names.live(table), table)
  return mendStatements(stages, target, table, { keys: [key, key], parts: [part], keepsVersions, at })
}

const canonicalTexts = [
  ...[
    "true",
    "1",
    "2",
    "3",
    "1.5000000000000000e+00",
    "NaN",
    "1.50",
    "0.5",
    "2026-01-02",
    "2026-01-02 03:04:05",
  ],
  ...["2026-01-02 03:04:05+00", "00000000-0000-0000-0000-000000000000", "it's a \\ text", '{"a":1}', "00ff"],
]

export async function statementForms(): Promise<StatementForm[]> {
  return [
    ...(await formsOfTransactions()),
    ...(await formsOfDatabases()),
    ...(await formsOfCopies()),
    ...formsOfChanges(),
    ...formsOfTables(),
    ...formsOfRest(),
  ]
}

const alteration = (to: TableSchema, origins: (number | undefined)[], fill?: StagedPart) => ({
  from: customers,
  to,
  origins,
  fill,
})
const alter = (one: ReturnType<typeof alteration>, keeps: "versions" | "rows"): Step => ({
  kind: "alter",
  place: customers,
  alteration: one,
  keepsVersions: keeps === "versions",
  isTouched: false,
})

async function formsOfTransactions(): Promise<StatementForm[]> {
  return [
    { when: "a session begins", statements: [...sessionSettings] },
    {
      when: "a database is opened for the first time",
      statements: await sentBy((s) => makeBooks(s, names), "nothing"),
    },
    { when: "a database is opened for an owner", statements: claimStatements(fence) },
    {
      when: "a transaction begins, the position moves from one that is known",
      statements: await sentBy((s) =>
        pipelineFence(fence).begin(s, { expected: positionFrom("41"), next: { kind: "set", position } }),
      ),
    },
    {
      when: "a transaction begins, the position is not known, is begun, or is forgotten",
      statements: [
        ...(await sentBy((s) => pipelineFence(fence).begin(s, { next: { kind: "set", position } }))),
        ...(await sentBy((s) => pipelineFence(fence).begin(s, { next: { kind: "start", position } }))),
        ...(await sentBy((s) => pipelineFence(fence).begin(s, { next: { kind: "forget" } }))),
      ],
    },
    {
      when: "the catalog or the bookkeeping is asked",
      statements: [
        ...(await sentBy((s) => existing(s, names, [customers]))),
        ...(await sentBy((s) => leftOverCopies(s, names))),
        ...(await sentBy((s) => isKnown(s, fence))),
        ...(await sentBy((s) => readPosition(s, fence))),
        ...(await sentBy((s) => bookkeepingOf(dialectOf(s, names)).textColumns(pipeline), "nothing")),
        ...(await sentBy((s) => bookkeepingOf(dialectOf(s, names)).versions(), "nothing")),
      ],
    },
  ]
}

async function formsOfDatabases(): Promise<StatementForm[]> {
  return [
    {
      when: "a destination database is made, and taken away",
      statements: [
        ...(await sentBy((s) => makeDatabase(s, "shop"), "nothing")),
        ...(await sentBy((s) => dropDatabase(s, "shop"))),
      ],
    },
  ]
}

/** The grants of a table whose copy takes its place: to a user, a role, a group, and everybody. */
async function grants(): Promise<string[]> {
  const asked: string[] = []
  const rows = [
    ["SELECT", "user", "ana", "f"],
    ["SELECT", "user", "bob", "t"],
    ["INSERT", "role", "loaders", "f"],
    ["SELECT", "group", "Sales", "f"],
    ["SELECT", "public", "public", "f"],
  ].map((grant) => ["public", "customers", ...grant])
  const reader = {
    rows: async (sql: string) => {
      asked.push(sql)
      return rows
    },
  }
  const kept = await grantsKept(reader, names, [{ kind: "adoptCopy", table: customers }])
  return [...asked, ...kept]
}

async function formsOfCopies(): Promise<StatementForm[]> {
  return [
    { when: "a copy of a table is begun", statements: tablesMade() },
    { when: "staged rows are loaded", statements: copies() },
    { when: "a load was refused", statements: [loadErrorsQuery("s3://staging/shop/orders/1/")] },
    { when: "grants go on with a table that is made anew", statements: await grants() },
    {
      when: "a copy takes the live table's place",
      statements: rendered([
        { kind: "drop", table: customers },
        { kind: "adoptCopy", table: customers },
        { kind: "track", pipeline, table: customers },
        { kind: "startPosition", pipeline, position },
      ]),
    },
  ]
}

function formsOfChanges(): StatementForm[] {
  return [
    {
      when: "a table with a key changes: only inserts; the last change of each key; columns unsent; keys that move; truncated",
      statements: rendered([
        changed(customers, [changesRun({ insertsOnly: true })]),
        changed(customers, [changesRun()]),
        changed(customers, [changesRun({ unchanged: [1, 2] })]),
        changed(customers, [{ kind: "moves", first: 0, last: 9, unchanged: [2] }]),
        changed(customers, [{ kind: "truncate" }, changesRun()]),
      ]),
    },
    {
      when: "a table without a key, of every type, changes",
      statements: rendered([changed(everything, [changesRun()])]),
    },
    {
      when: "a table that keeps versions changes",
      statements: rendered([
        changed(customers, [changesRun({ insertsOnly: true })], { commits: part }),
        changed(customers, [changesRun({ unchanged: [1], continued: true })], { commits: part }),
        changed(customers, [{ kind: "moves", first: 0, last: 9, unchanged: [2] }], { commits: part }),
        changed(customers, [{ kind: "truncate", at: 3, continued: true }], { commits: part }),
      ]),
    },
  ]
}

function formsOfTables(): StatementForm[] {
  return [
    {
      when: "a column goes, another is renamed, one is added with a value",
      statements: rendered([alter(alteration(lengthened, [0, 1, undefined], part), "rows")]),
    },
    {
      when: "a type changes: the table is made anew",
      statements: rendered([alter(alteration(widened, [0, 1, undefined], part), "versions")]),
    },
    {
      when: "a table changes its name or its schema",
      statements: rendered([
        { kind: "leave", table: customers },
        { kind: "arrive", from: customers, to: { schema: "public", name: "clients" } },
        { kind: "arrive", from: customers, to: moved },
      ]),
    },
    {
      when: "versions begin, end, are closed, retired, or go on with a copy",
      statements: rendered([
        { kind: "beginVersions", table: customers, at },
        { kind: "endVersions", table: customers, at },
        { kind: "closeVersions", table: customers, at },
        { kind: "retire", table: customers, at },
        { kind: "succeed", from: customers, to: customers, since: at },
      ]),
    },
  ]
}

function formsOfRest(): StatementForm[] {
  return [
    {
      when: "the bookkeeping changes",
      statements: rendered([
        { kind: "untrack", pipeline, table: customers },
        { kind: "markStale", pipeline, table: customers },
        { kind: "noteVersions", pipeline, table: customers },
        { kind: "noteDropped", pipeline, table: customers },
        { kind: "forgetVersions", pipeline, table: customers },
        { kind: "forgetTextColumns", pipeline, tableId: customers.id },
      ]),
    },
    {
      when: "rows that differ are mended, by their key, by all they hold, and where versions are kept",
      statements: [
        ...mended(customers, "rows", ["1"]),
        ...mended(everything, "rows", canonicalTexts),
        ...mended(customers, "versions", ["1"]),
      ],
    },
    {
      when: "rows are compared",
      statements: [
        "BEGIN READ ONLY",
        `DECLARE millrace_rows CURSOR FOR SELECT ${everything.columns.map(readForm).join(", ")} FROM ${names.live(everything)}`,
        "FETCH FORWARD 5000 FROM millrace_rows",
        "CLOSE millrace_rows",
      ],
    },
  ]
}
