/** No mask and no filter fails on any value that a type holds: an error's text would tell it. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { DuckDBInstance } from "@duckdb/node-api"
import pg from "pg"
import { compileSource } from "../../../src/governance/compile/compile-source.ts"
import type { DataRule, Mask, Policy } from "../../../src/governance/model/policy.ts"
import type { ColumnKind, GovernedSource } from "../../../src/governance/model/source.ts"
import type { BuiltPlan } from "../../../src/governance/plan/plan.ts"
import { personalQuery } from "../../../src/query/duckdb/governance/personal-query.ts"
import { viewQuery } from "../../../src/warehouses/postgres/governance/view.ts"
import { testDatabase } from "../../support/postgres.ts"
import { managedObjects } from "./postgres-views.ts"

interface Extremes {
  kind: ColumnKind
  type: string
  values: readonly string[]
}

const postgresExtremes: readonly Extremes[] = [
  { kind: "integer", type: "smallint", values: ["-32768", "32767", "0"] },
  { kind: "integer", type: "integer", values: ["-2147483648", "2147483647"] },
  { kind: "integer", type: "bigint", values: ["-9223372036854775808", "9223372036854775807"] },
  { kind: "decimal", type: "numeric(4,2)", values: ["99.99", "-99.99", "NaN"] },
  {
    kind: "decimal",
    type: "numeric",
    values: ["NaN", "Infinity", "-Infinity", `1${"0".repeat(2000)}`, "1e-300"],
  },
  { kind: "float", type: "real", values: ["NaN", "Infinity", "3.4e38", "1e-45", "-0"] },
  { kind: "float", type: "double precision", values: ["NaN", "-Infinity", "1.7e308", "5e-324", "-0"] },
  {
    kind: "date",
    type: "date",
    values: ["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "0001-01-01"],
  },
  {
    kind: "timestamp",
    type: "timestamp(3) without time zone",
    values: ["infinity", "4713-01-01 BC", "294276-12-31 23:59:59"],
  },
  {
    kind: "timestamptz",
    type: "timestamp with time zone",
    values: ["-infinity", "4713-01-01 BC", "294276-12-31 12:00:00+00"],
  },
  { kind: "text", type: "text", values: ["", "\\", "%", "\u0001", "🙂", "x".repeat(1_100_000)] },
  { kind: "text", type: "character(5)", values: ["", "ab"] },
  { kind: "boolean", type: "boolean", values: ["true"] },
  { kind: "other", type: "jsonb", values: ["{}"] },
]

const duckDbExtremes: readonly Extremes[] = [
  { kind: "integer", type: "TINYINT", values: ["-128", "127"] },
  { kind: "integer", type: "BIGINT", values: ["-9223372036854775808", "9223372036854775807"] },
  { kind: "integer", type: "UBIGINT", values: ["18446744073709551615"] },
  {
    kind: "integer",
    type: "HUGEINT",
    values: ["-170141183460469231731687303715884105728", "170141183460469231731687303715884105727"],
  },
  { kind: "decimal", type: "DECIMAL(4,2)", values: ["99.99", "-99.99"] },
  { kind: "decimal", type: "DECIMAL(38,2)", values: ["999999999999999999999999999999999999.99"] },
  { kind: "decimal", type: "DECIMAL(38,38)", values: ["0.99999999999999999999999999999999999999"] },
  { kind: "float", type: "FLOAT", values: ["NaN", "Infinity", "3.4e38", "1e-45"] },
  { kind: "float", type: "DOUBLE", values: ["NaN", "-Infinity", "1.7e308", "5e-324", "-0"] },
  { kind: "date", type: "DATE", values: ["infinity", "-infinity", "5877642-06-25 (BC)", "5881580-07-10"] },
  {
    kind: "timestamp",
    type: "TIMESTAMP",
    values: ["infinity", "290309-12-22 (BC) 00:00:00", "294247-01-10 04:00:54.775806"],
  },
  {
    kind: "timestamptz",
    type: "TIMESTAMP WITH TIME ZONE",
    values: ["infinity", "-infinity", "294247-01-10 04:00:54+00"],
  },
  { kind: "text", type: "VARCHAR", values: ["", "\\", "%", "\u0001", "🙂", "x".repeat(1_100_000)] },
  { kind: "boolean", type: "BOOLEAN", values: ["true"] },
  { kind: "other", type: "UUID", values: ["0f8fad5b-d9cb-469f-a165-70867728950e"] },
]

const masks: readonly Mask[] = [
  { kind: "null" },
  { kind: "constant", value: "5" },
  { kind: "constant", value: "true" },
  { kind: "constant", value: "2026-01-01" },
  { kind: "hash" },
  { kind: "regex", pattern: "(.)x+", replacement: "\\1\\1" },
  { kind: "partial", first: 2, last: 2, character: "🙂" },
  ...(["year", "quarter", "month", "week", "day", "hour"] as const).map(
    (unit): Mask => ({ kind: "dateTrunc", unit }),
  ),
  ...[0.000000001, 0.01, 0.5, 1, 7, 1e15].map((bucket): Mask => ({ kind: "round", bucket })),
]

const head = (key: string) =>
  ({
    key,
    name: key,
    isStaged: false,
    circumstances: { operator: "any", of: [{ kind: "everything" }] },
  }) as const

function sourceOf(extremes: readonly Extremes[], database: string): GovernedSource {
  return {
    id: 7,
    name: "extremes",
    table: { database, schema: "sales", name: "extremes" },
    view: { schema: "governed", name: "extremes" },
    columns: extremes.map(({ kind, type }, at) => ({ name: `c${at}`, kind, type, tags: [] })),
    tags: [],
    saltId: "s",
  }
}

const constants: Partial<Record<ColumnKind, string>> = {
  integer: "5",
  decimal: "0",
  float: "0.5",
  date: "'2026-01-01'",
  timestamp: "'2026-01-01 00:00'",
  timestamptz: "'2026-01-01 00:00+01'",
  text: "'a'",
  boolean: "TRUE",
}

/** Each mask on all columns, and each filter that a column can have. */
function plansOf(source: GovernedSource): BuiltPlan[] {
  const maskRules = masks.map((mask): DataRule => ({ kind: "mask", columns: [{ kind: "noTags" }], mask }))
  const filters = source.columns.flatMap(({ name, kind }): DataRule[] => {
    const constant = constants[kind]
    const wheres =
      constant === undefined
        ? []
        : [`NOT ${name} < ${constant}`, `${name} IN (${constant})`, `${name} <= ${name}`]
    if (kind === "text") wheres.push(`${name} LIKE '%\\%_'`)
    const listed = ["integer", "text", "boolean", "date"].includes(kind)
    return [
      ...wheres.map((text): DataRule => ({ kind: "rowFilter", filter: { kind: "where", text } })),
      ...(listed
        ? [{ kind: "rowFilter", filter: { kind: "attribute", column: name, attribute: "a" } } as const]
        : []),
    ]
  })
  const ages = source.columns.flatMap(({ name, kind }) =>
    kind === "date" || kind === "timestamp" || kind === "timestamptz" ? [name] : [],
  )
  const time: DataRule = { kind: "time", keeps: "older", than: { count: 1_000, unit: "year" } }
  return [
    ...[...maskRules, ...filters, { kind: "minimize", percent: 50 } as const].map((rule) =>
      planOf(source, rule),
    ),
    ...ages.map((eventTimeColumn) => planOf({ ...source, eventTimeColumn }, time)),
  ]
}

function planOf(source: GovernedSource, rule: DataRule): BuiltPlan {
  const policies: Policy[] = [
    { ...head("anyone"), kind: "subscription", rule: { kind: "anyone" } },
    { ...head("data"), kind: "data", rules: [rule] },
  ]
  const plan = compileSource({ source, policies })
  assert.ok(plan.kind === "built", JSON.stringify({ rule, ...plan, source: undefined }))
  return plan
}

/** Each value in a row of its own, the other columns null. */
function tableOf(extremes: readonly Extremes[]): string[] {
  const columns = extremes.map(({ type }, at) => `c${at} ${type}`).join(", ")
  const rows = extremes.flatMap(({ type, values }, at) =>
    values.map((value) => `INSERT INTO sales.extremes (c${at}) VALUES (CAST('${value}' AS ${type}))`),
  )
  return ["CREATE SCHEMA IF NOT EXISTS sales", `CREATE TABLE sales.extremes (${columns})`, ...rows]
}

test("on PostgreSQL no mask and no filter fails on an extreme value", async () => {
  const database = await testDatabase()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query([...managedObjects, ...tableOf(postgresExtremes)].join(";\n"))
    await client.query(
      "INSERT INTO immuta_system.profile VALUES (current_user, 'bim', true); INSERT INTO immuta_system.secret VALUES ('s', 'secret')",
    )
    const wrong: string[] = []
    for (const plan of plansOf(sourceOf(postgresExtremes, database.name))) {
      const query = viewQuery(plan)
      await client
        .query(`SELECT count(*), max(md5(v::text)) FROM (${query}) AS v`)
        .catch((error: Error) => wrong.push(`${error.message}: ${query}`))
    }
    assert.deepEqual(wrong, [])
  } finally {
    await client.end()
    await database.drop()
  }
})

test("on DuckDB no mask and no filter fails on an extreme value", async () => {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" })
  try {
    const connection = await instance.connect()
    await connection.run(tableOf(duckDbExtremes).join(";\n"))
    const person = {
      ...{ id: 1, iamId: "bim", userId: "a", warehouseUser: "a", isDisabled: false },
      groups: new Set<string>(),
      attributes: new Map([["a", new Set(["5", "true"])]]),
      purposes: new Set<string>(),
      subscriptions: new Set<number>(),
    }
    const wrong: string[] = []
    for (const plan of plansOf(sourceOf(duckDbExtremes, "memory"))) {
      const query = personalQuery(plan, person, () => "'secret'")
      await connection
        .run(`SELECT v FROM (${query}) AS v`)
        .catch((error: Error) => wrong.push(`${error.message}: ${query}`))
    }
    assert.deepEqual(wrong, [])
  } finally {
    instance.closeSync()
  }
})
