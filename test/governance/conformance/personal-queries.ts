/** Cases on the embedded engine: the query for a person in the place of the table. */
import { DuckDBInstance } from "@duckdb/node-api"
import type { Person } from "../../../src/governance/model/person.ts"
import type { BuiltPlan } from "../../../src/governance/plan/plan.ts"
import { personalQuery } from "../../../src/query/duckdb/governance/personal-query.ts"
import { quoteIdentifier, quoteLiteral } from "../../../src/warehouses/duckdb/quoting.ts"
import type { QueryForm } from "./query-forms.ts"
import { secrets, tableColumns, type World } from "./worlds.ts"

export interface GovernedDuckDb {
  begin(world: World): Promise<void>
  read(plan: BuiltPlan, person: Person | undefined, form: QueryForm): Promise<(string | null)[][]>
  close(): void
}

export async function openGovernedDuckDb(): Promise<GovernedDuckDb> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'America/New_York'; CREATE SCHEMA sales")
  return {
    begin: async (world) => {
      const table = `sales.people${world.number}`
      const columns = tableColumns.map(({ name, types }) => `${quoteIdentifier(name)} ${types.duckdb}`)
      const tuples = world.rows.map(
        (row) => `(${tableColumns.map((column) => valueSql(row[column.name] ?? null, column)).join(", ")})`,
      )
      await connection.run(
        `CREATE TABLE ${table} (${columns.join(", ")}); INSERT INTO ${table} VALUES ${tuples.join(", ")}`,
      )
    },
    read: async (plan, person, form) => {
      const query = personalQuery(plan, person, (id) => quoteLiteral(secrets.get(id) ?? ""))
      const seen = `(SELECT ${asTexts} FROM (${query} LIMIT 9223372036854775807) AS v)`
      return (await connection.runAndReadAll(form.sql(seen))).getRowsJson() as (string | null)[][]
    },
    close: () => instance.closeSync(),
  }
}

function valueSql(value: string | null, { kind, types }: (typeof tableColumns)[number]): string {
  if (value === null) return "NULL"
  return `CAST(${quoteLiteral(kind === "timestamptz" ? `${value}+00` : value)} AS ${types.duckdb})`
}

const asTexts = tableColumns
  .map(({ name, kind }) => `${textOf(`v.${quoteIdentifier(name)}`, kind)} AS ${name}`)
  .join(", ")

function textOf(value: string, kind: string): string {
  return kind === "timestamptz"
    ? `CAST(make_timestamp(epoch_us(${value})) AS VARCHAR)`
    : `CAST(${value} AS VARCHAR)`
}
