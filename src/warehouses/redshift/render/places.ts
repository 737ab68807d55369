import type { TableName, TableSchema } from "../../../domain/table.ts"
import type { Names } from "../naming.ts"
import { quoteIdentifier } from "../quoting.ts"

/** `table`: quoted, whole. */
export function rename(table: string, name: string): string {
  return `ALTER TABLE ${table} RENAME TO ${quoteIdentifier(name)}`
}

/** The engine carries no table to another schema: its rows go to a table that is made like it. */
export function arriveStatements(names: Names, from: TableName, to: TableName): string[] {
  const passing = names.inSchema(from.schema, names.passing(from))
  if (from.schema === to.schema) return [rename(passing, to.name)]
  const arrived = names.live(to)
  return [
    `CREATE SCHEMA IF NOT EXISTS ${names.schema(to.schema)}`,
    `CREATE TABLE ${arrived} (LIKE ${passing})`,
    `INSERT INTO ${arrived} SELECT * FROM ${passing}`,
    `DROP TABLE ${passing}`,
  ]
}

/** The copy of `table`, which lies beside it, takes its name. */
export function adoptCopy(names: Names, table: TableSchema): string {
  return rename(names.loading(table), table.name)
}
