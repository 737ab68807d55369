import type { Column, TableSchema } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { concatenation, type RowKey } from "../../../replication/contracts/comparison.ts"
import { duckDbType } from "../naming.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"

/** The canonical text of a column's value, as replication/contracts/comparison.ts says it must be. */
export function canonicalText({ name, type }: Column): string {
  const column = quoteIdentifier(name)
  const text = `CAST(${column} AS VARCHAR)`
  switch (type.kind) {
    case "boolean":
    case "int16":
    case "int32":
    case "int64":
    case "uuid":
    case "text":
    case "json":
      return text
    case "decimal":
      // The engine leaves out the zero before the point where the type has no room for it.
      return type.precision === type.scale ? `regexp_replace(${text}, '^(-?)[.]', '\\10.')` : text
    case "float32":
    case "float64":
      return `CASE WHEN isnan(${column}) THEN 'NaN' WHEN isinf(${column}) THEN if(${column} > 0, 'inf', '-inf') ELSE format('{:.16e}', ${column}::DOUBLE) END`
    case "date":
    case "timestamp":
      return eraLast(text, "")
    case "timestamptz":
      // Its own cast to text is off by a millisecond at the far end of time.
      return `CASE WHEN isfinite(${column}) THEN ${eraLast(`CAST(make_timestamp(epoch_us(${column})) AS VARCHAR)`, "+00")} ELSE ${text} END`
    case "bytes":
      return `lower(hex(${column}))`
    default:
      return unreachable(type)
  }
}

function eraLast(text: string, zone: string): string {
  return `CASE WHEN contains(${text}, ' (BC)') THEN replace(${text}, ' (BC)', '') || '${zone} BC' ELSE ${text} || '${zone}' END`
}

/** A canonical text as a value of its column. */
function literalOf(text: string | null, { type }: Column): string {
  if (text === null) return "NULL"
  switch (type.kind) {
    case "bytes":
      return `unhex(${quoteLiteral(text)})`
    case "date":
    case "timestamp":
    case "timestamptz": {
      const isBc = text.endsWith(" BC")
      const date = /^\d+-\d\d-\d\d/
      const written = isBc ? text.slice(0, -3).replace(date, (found) => `${found} (BC)`) : text
      return `${quoteLiteral(written)}::${duckDbType(type)}`
    }
    default:
      return `${quoteLiteral(text)}::${duckDbType(type)}`
  }
}

function keyColumns(table: TableSchema): Column[] {
  return table.key === undefined ? table.columns : table.key.map((index) => table.columns[index] as Column)
}

/** A row's hash as `h`, and its chunk as `chunk`. */
export function digestsQuery(place: string, table: TableSchema, digits: number): string {
  return `SELECT left(h, ${digits}), count(*)::VARCHAR, sum(('0x' || right(h, 15))::BIGINT)::VARCHAR FROM (SELECT ${hash(table)} AS h FROM ${place}) AS r GROUP BY 1`
}

export function rowsQuery(place: string, table: TableSchema, chunks: readonly string[]): string {
  const digits = chunks[0]?.length ?? 0
  const key = `json_array(${keyColumns(table).map(canonicalText).join(", ")})::VARCHAR`
  return `SELECT ${hash(table)} AS h, ${key} FROM ${place} WHERE left(${hash(table)}, ${digits}) IN (${chunks.map(quoteLiteral).join(", ")})`
}

function hash(table: TableSchema): string {
  const parts = table.columns.map((column) => {
    const text = canonicalText(column)
    return column.type.kind === "text" || column.type.kind === "json"
      ? `coalesce(length(${text})::VARCHAR || ':' || ${text}, '~')`
      : `coalesce(${text}, '~') || ';'`
  })
  return `md5(${concatenation(parts)})`
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
  const matches = columns.map(
    ({ name }, index) => `t.${quoteIdentifier(name)} IS NOT DISTINCT FROM k.k${index}`,
  )
  return `(VALUES ${tuples.join(", ")}) AS k(${names.join(", ")}) WHERE ${matches.join(" AND ")}`
}
