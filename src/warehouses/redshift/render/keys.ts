/** How rows are told apart: by their key, or by all that they hold. */
import type { Column, TableSchema } from "../../../domain/table.ts"
import { concatenation } from "../../../replication/contracts/comparison.ts"
import { quoteIdentifier } from "../quoting.ts"

export function keyColumns({ key, columns }: TableSchema): Column[] {
  return (key ?? []).map((index) => columns[index] as Column)
}

/** Names of the key's columns, quoted. */
export function keyNames(schema: TableSchema): string[] {
  return keyColumns(schema).map(({ name }) => quoteIdentifier(name))
}

/** A value of `prefix`'s row as one that the engine can compare and group by: it cannot with SUPER. */
export function comparable(prefix: string, { name, type }: Column): string {
  const value = `${prefix}${quoteIdentifier(name)}`
  return type.kind === "json" ? `JSON_SERIALIZE(${value})` : value
}

/** The key of a row of `prefix` (`t.`, or nothing). */
export function keyValues(schema: TableSchema, prefix: string): string[] {
  return keyColumns(schema).map((column) => comparable(prefix, column))
}

/** Whether rows of `left` and `right` have the same key. */
export function sameKey(schema: TableSchema, left: string, right: string): string {
  const others = keyValues(schema, right)
  return keyValues(schema, left)
    .map((value, place) => `${value} = ${others[place]}`)
    .join(" AND ")
}

/**
 * All that a row of `prefix` holds as one text that is the same for the same values only: 0 is not -0, a null equals a null. Of each
 * column's text its hash: a text of the engine is no longer than 65,535 bytes.
 */
export function content({ columns }: Pick<TableSchema, "columns">, prefix: string): string {
  return concatenation(columns.map((column) => `COALESCE(MD5(${plainText(prefix, column)}), '~')`))
}

/** A value's text within this engine, which any two values differ in. */
function plainText(prefix: string, column: Column): string {
  const value = `${prefix}${quoteIdentifier(column.name)}`
  switch (column.type.kind) {
    case "text":
    case "uuid":
      return value
    case "json":
      return `JSON_SERIALIZE(${value})`
    case "bytes":
      return `FROM_VARBYTE(${value}, 'hex')`
    case "boolean":
      return `CASE WHEN ${value} THEN 't' WHEN NOT ${value} THEN 'f' END`
    default:
      return `CAST(${value} AS VARCHAR(64))`
  }
}
