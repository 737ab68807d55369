import type { TableName, TableSchema } from "../../../domain/table.ts"
import type { Names } from "../naming.ts"
import { quoteIdentifier } from "../quoting.ts"
import { letReaders, takePlaceOf } from "./routines.ts"

/** `table`: quoted, whole. */
export function rename(table: string, name: string): string {
  return `ALTER TABLE ${table} RENAME TO ${quoteIdentifier(name)}`
}

/** What left `from` takes the place `to`, in its schema or another. */
export function arriveStatements(names: Names, from: TableName, to: TableName): string[] {
  const passing = names.passing(from)
  const settled = letReaders(names, names.live(to), "moved")
  if (from.schema === to.schema) return [rename(names.inSchema(from.schema, passing), to.name), settled]
  const schema = names.schema(to.schema)
  return [
    `CREATE SCHEMA IF NOT EXISTS ${schema}`,
    `ALTER TABLE ${names.inSchema(from.schema, passing)} SET SCHEMA ${schema}`,
    rename(names.inSchema(to.schema, passing), to.name),
    settled,
  ]
}

/** The copy of `table` takes the table's place: that of `before`, where that is to go. */
export function adoptCopy(names: Names, table: TableSchema, before: TableName): string {
  return takePlaceOf(names, names.live(before), names.loading(table), {
    schema: names.schema(table.schema),
    name: quoteIdentifier(table.name),
  })
}
