/** Cases on PostgreSQL: a view each, read by roles that may read nothing else. */
import { randomBytes } from "node:crypto"
import pg from "pg"
import type { Person } from "../../../src/governance/model/person.ts"
import type { BuiltPlan } from "../../../src/governance/plan/plan.ts"
import {
  createView,
  secretsTable,
  usualReaderRelations,
} from "../../../src/warehouses/postgres/governance/view.ts"
import { quoteIdentifier, quoteLiteral } from "../../../src/warehouses/postgres/quoting.ts"
import { testDatabase } from "../../support/postgres.ts"
import type { QueryForm } from "./query-forms.ts"
import { secrets, tableColumns, type World } from "./worlds.ts"

export interface Reading {
  plan: BuiltPlan
  form: QueryForm
  /** Which of the world's people read it, one after another. */
  readers: readonly number[]
  /** The form reads a view on the governed view. */
  byOtherView: boolean
}

export interface GovernedPostgres {
  begin(world: World): Promise<void>
  /** The rows of each reading and reader. */
  read(readings: readonly Reading[]): Promise<(string | null)[][][]>
  close(): Promise<void>
}

/** As the set-up of a managed database makes them: what is asked about the session's user. */
export const managedObjects = [
  "CREATE SCHEMA immuta_system",
  "CREATE SCHEMA governed",
  "CREATE SCHEMA sales",
  "CREATE TABLE immuta_system.profile (username varchar(128), iam varchar(128), active boolean)",
  "CREATE TABLE immuta_system.entitlement (username varchar(128), kind varchar(16), key varchar(512), value varchar(512))",
  "CREATE VIEW immuta_system.user_profile WITH (security_barrier = true) AS SELECT p.username, p.iam FROM immuta_system.profile p WHERE p.active AND p.username = current_user",
  "CREATE VIEW immuta_system.my_entitlements WITH (security_barrier = true) AS SELECT e.kind, e.key, e.value FROM immuta_system.entitlement e JOIN immuta_system.user_profile u ON e.username = u.username",
  ...secretsTable(usualReaderRelations),
  "GRANT USAGE ON SCHEMA immuta_system, governed TO PUBLIC",
  "GRANT SELECT ON immuta_system.user_profile, immuta_system.my_entitlements TO PUBLIC",
]

/** Settings of a reader that change how values become texts. */
const oddSettings =
  "SET TimeZone = 'America/New_York'; SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET standard_conforming_strings = on"

export async function openGovernedPostgres(): Promise<GovernedPostgres> {
  const database = await testDatabase()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const mark = randomBytes(4).toString("hex")
  const roleOf = (reader: number) => `reader_${mark}_${reader}`
  const roles = [0, 1, 2, 3, 4].map(roleOf)
  const addSecrets = [...secrets].map(
    ([id, value]) => `INSERT INTO immuta_system.secret VALUES (${quoteLiteral(id)}, ${quoteLiteral(value)})`,
  )
  await client.query(
    [...managedObjects, ...addSecrets, ...roles.map((role) => `CREATE ROLE ${role}`), oddSettings].join(
      ";\n",
    ),
  )
  return {
    begin: async (world) => {
      await client.query([...tableStatements(world), ...peopleStatements(world, roleOf)].join(";\n"))
    },
    read: async (readings) => {
      const statements = readings.map((one, at) => readingStatements(one, one.readers.map(roleOf), at))
      const sql = ["BEGIN", ...statements.flat(), "ROLLBACK"].join(";\n")
      const results = (await client.query({
        text: sql,
        rowMode: "array",
      })) as unknown as pg.QueryArrayResult[]
      return results
        .filter(({ command }) => command === "SELECT")
        .map(({ rows }) => rows as (string | null)[][])
    },
    close: async () => {
      await client.query(`DROP OWNED BY ${roles.join(", ")}; DROP ROLE ${roles.join(", ")}`)
      await client.end()
      await database.drop()
    },
  }
}

function tableStatements({ number, rows }: World): string[] {
  const table = `sales.people${number}`
  const columns = tableColumns.map(({ name, types }) => `${quoteIdentifier(name)} ${types.postgres}`)
  const tuples = rows.map(
    (row) => `(${tableColumns.map((column) => valueSql(row[column.name] ?? null, column)).join(", ")})`,
  )
  return [`CREATE TABLE ${table} (${columns.join(", ")})`, `INSERT INTO ${table} VALUES ${tuples.join(", ")}`]
}

function valueSql(value: string | null, { kind, types }: (typeof tableColumns)[number]): string {
  if (value === null) return "NULL"
  return `CAST(${quoteLiteral(kind === "timestamptz" ? `${value}+00` : value)} AS ${types.postgres})`
}

function peopleStatements({ people }: World, roleOf: (reader: number) => string): string[] {
  const rows = people.flatMap((one, at) => (one === undefined ? [] : entitlementsOf(one, roleOf(at))))
  const profiles = people.flatMap((one, at) =>
    one === undefined ? [] : [`(${quoteLiteral(roleOf(at))}, '${one.iamId}', ${!one.isDisabled})`],
  )
  return [
    "TRUNCATE immuta_system.profile, immuta_system.entitlement",
    `INSERT INTO immuta_system.profile VALUES ${profiles.join(", ")}`,
    `INSERT INTO immuta_system.entitlement VALUES ${rows.join(", ")}`,
  ]
}

function entitlementsOf(person: Person, role: string): string[] {
  const row = (kind: string, key: string, value?: string) =>
    `('${role}', '${kind}', ${quoteLiteral(key)}, ${value === undefined ? "NULL" : quoteLiteral(value)})`
  return [
    ...[...person.subscriptions].map((id) => row("subscription", String(id))),
    ...[...person.groups].map((name) => row("group", name)),
    ...[...person.attributes].flatMap(([name, all]) =>
      [...all].map((value) => row("attribute", name, value)),
    ),
    ...[...person.purposes].map((name) => row("purpose", name)),
  ]
}

function readingStatements(
  { plan, form, byOtherView }: Reading,
  roles: readonly string[],
  at: number,
): string[] {
  const view = { schema: "governed", name: `people_${at}` }
  const create = createView({ ...plan, source: { ...plan.source, view } })
  const seen = `(SELECT ${asTexts} FROM governed.${view.name} AS v)`
  const other = [
    `CREATE VIEW governed.other_${at} AS SELECT * FROM ${seen} AS o`,
    `GRANT SELECT ON governed.other_${at} TO PUBLIC`,
  ]
  return [
    create,
    `GRANT SELECT ON governed.${view.name} TO PUBLIC`,
    ...(byOtherView ? other : []),
    ...roles.flatMap((role) => [
      `SET LOCAL ROLE ${role}`,
      form.sql(byOtherView ? `governed.other_${at}` : seen),
      "RESET ROLE",
    ]),
  ]
}

const asTexts = tableColumns
  .map(({ name, kind }) => `${textOf(`v.${quoteIdentifier(name)}`, kind)} AS ${name}`)
  .join(", ")

function textOf(value: string, kind: string): string {
  if (kind === "date") return `to_char(${value}::timestamp, 'YYYY-MM-DD')`
  if (kind === "timestamp") return `to_char(${value}, 'YYYY-MM-DD HH24:MI:SS')`
  if (kind === "timestamptz") return `to_char(${value} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')`
  return `${value}::text`
}
