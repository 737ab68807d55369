import type { Column, TableSchema } from "../../../domain/table.ts"
import { concatenation, type RowKey } from "../../../replication/contracts/comparison.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { canonicalText, comparable, literalOf } from "../types/canonical.ts"

function keyColumns(table: TableSchema): Column[] {
  return table.key === undefined ? table.columns : table.key.map((index) => table.columns[index] as Column)
}

export function digestsQuery(place: string, table: TableSchema, digits: number): string {
  return `SELECT left(h, ${digits}), count(*)::text, sum(('x' || right(h, 15))::bit(60)::bigint)::text FROM (SELECT ${hash(table)} AS h FROM ${place}) AS r GROUP BY 1`
}

export function rowsQuery(place: string, table: TableSchema, chunks: readonly string[]): string {
  const digits = chunks[0]?.length ?? 0
  const key = `array_to_json(ARRAY[${keyColumns(table).map(canonicalText).join(", ")}]::text[])::text`
  return `SELECT ${hash(table)}, ${key} FROM ${place} WHERE left(${hash(table)}, ${digits}) IN (${chunks.map(quoteLiteral).join(", ")})`
}

function hash(table: TableSchema): string {
  const parts = table.columns.map((column) => {
    const text = canonicalText(column)
    return column.type.kind === "text" || column.type.kind === "json"
      ? `coalesce(length(${text})::text || ':' || ${text}, '~')`
      : `coalesce(${text}, '~') || ';'`
  })
  return `md5(convert_to(${concatenation(parts)}, 'UTF8'))`
}

/** Takes every row with one of these keys out of a table. */
export function deleteByKeys(place: string, table: TableSchema, keys: readonly RowKey[]): string {
  return `DELETE FROM ${place} AS t USING ${amongKeys(table, keys)}`
}

/** The keys as a relation, and the condition that a row `t` has one of them. */
export function amongKeys(table: TableSchema, keys: readonly RowKey[]): string {
  const columns = keyColumns(table)
  const names = columns.map((_, index) => `k${index}`)
  const tuples = keys.map(
    (key) => `(${columns.map((column, index) => literalOf(key[index] ?? null, column)).join(", ")})`,
  )
  const matches = columns.map((column, index) => {
    const value = comparable(`t.${quoteIdentifier(column.name)}`, column)
    return `${value} IS NOT DISTINCT FROM ${comparable(`k.k${index}`, column)}`
  })
  return `(VALUES ${tuples.join(", ")}) AS k(${names.join(", ")}) WHERE ${matches.join(" AND ")}`
}
