import type { Column, TableSchema } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { concatenation, type RowKey } from "../../../replication/contracts/comparison.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { baseName, isArray, nativeType } from "./native-type.ts"

/**
 * Settings that a session needs for the texts of this file: the text forms are then those that a source of the same engine
 * prints, and those that `printedForm` and the casts read.
 */
export const textSettings = {
  DateStyle: "ISO",
  IntervalStyle: "postgres",
  TimeZone: "UTC",
  extra_float_digits: "3",
  bytea_output: "hex",
  lc_monetary: "C",
  client_encoding: "UTF8",
  standard_conforming_strings: "on",
} as const

/** Types of which a cast to text is what they print. Of others (`inet`, `character`) it may differ. */
const castsAsPrinted: ReadonlySet<string> = new Set(["text", "character varying", "json", "jsonb", "numeric"])

/** The canonical text of a column's value, as replication/contracts/comparison.ts says it must be. */
export function canonicalText(column: Column): string {
  const name = quoteIdentifier(column.name)
  const { type } = column
  switch (type.kind) {
    case "boolean":
    case "int16":
    case "int32":
    case "int64":
    case "uuid":
    case "date":
    case "timestamp":
    case "timestamptz":
      return `${name}::text`
    case "decimal":
      return nativeType(column) === "money" ? `${name}::numeric::numeric(20, 3)::text` : `${name}::text`
    case "float32":
    case "float64":
      return `CASE ${name}::float8 WHEN 'NaN' THEN 'NaN' WHEN 'Infinity' THEN 'inf' WHEN '-Infinity' THEN '-inf' ELSE trim(to_char(${name}::float8, '9.9999999999999999EEEE')) END`
    case "bytes":
      return `encode(${name}, 'hex')`
    case "text":
    case "json":
      return printedForm(name, column)
    default:
      return unreachable(type)
  }
}

/** What a value of the column prints. (IS NOT NULL would take a composite value with a null in it for one.) */
function printedForm(value: string, column: Column): string {
  const native = nativeType(column)
  return !isArray(native) && castsAsPrinted.has(baseName(native))
    ? `(${value}::text)`
    : `(CASE WHEN ${value} IS DISTINCT FROM NULL THEN concat(${value}) END)`
}

/** Types without the operators that grouping, sorting and joining need. */
const incomparable: ReadonlySet<string> = new Set([
  ...["json", "jsonpath", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle"],
  ...["xid", "cid", "int2vector", "pg_snapshot", "txid_snapshot"],
])

/**
 * `value`, an expression of the column's native type, as one that the engine can compare, hash and sort. For columns of a key: values
 * that are equal so are one key at the source too. It is `value` itself, and so served by an index, where the type has the
 * operators; types without them are no key at the source.
 */
export function comparable(value: string, column: Column): string {
  const native = nativeType(column)
  return incomparable.has(baseName(native.replace(/\[\]$/, ""))) ? printedForm(value, column) : value
}

/** Types whose equal values are the same value to the last bit, and look the same. */
const exactKinds: ReadonlySet<string> = new Set([
  ...["boolean", "int16", "int32", "int64", "decimal", "date", "timestamp", "timestamptz", "uuid", "bytes"],
])

/**
 * As `comparable`, but equal for two values only if they are the same value: 1.0 is not 1.00 then, and 0 is not -0. For rows that
 * are told by all their columns.
 */
export function exactly(value: string, column: Column): string {
  const { kind } = column.type
  if (kind === "float32" || kind === "float64") return `(${value}::text)`
  const isText = kind === "text" && textNames.has(baseName(nativeType(column)))
  return isText || exactKinds.has(kind) ? comparable(value, column) : printedForm(value, column)
}

const textNames: ReadonlySet<string> = new Set(["text", "character varying"])

/** A canonical text as a value of its column. */
export function literalOf(text: string | null, column: Column): string {
  if (text === null) return `NULL::${nativeType(column)}`
  if (column.type.kind === "bytes") return `${quoteLiteral(`\\x${text}`)}::bytea`
  return `${quoteLiteral(text)}::${nativeType(column)}`
}

function keyColumns({ key, columns }: TableSchema): Column[] {
  return key === undefined ? columns : key.map((index) => columns[index] as Column)
}

/** Rows, as the contract of digests wants them: chunk, count, sum of hashes. `place`: a table or a query in parentheses. */
export function digestsQuery(place: string, table: TableSchema, digits: number): string {
  return `SELECT left(h, ${digits}), count(*)::text, sum(('x' || right(h, 15))::bit(60)::bigint)::text FROM (SELECT ${hash(table)} AS h FROM ${place} AS t) AS r GROUP BY 1`
}

/** Each row's hash, and its key as a JSON array of canonical texts. */
export function rowsQuery(place: string, table: TableSchema, chunks: readonly string[]): string {
  const digits = chunks[0]?.length ?? 0
  const key = `array_to_json(ARRAY[${keyColumns(table)
    .map((column) => canonicalText(column))
    .join(", ")}]::text[])::text`
  const digest = hash(table)
  return `SELECT ${digest}, ${key} FROM ${place} AS t WHERE left(${digest}, ${digits}) IN (${chunks.map(quoteLiteral).join(", ")})`
}

/** The hash is over UTF-8, whatever the database's own encoding. */
function hash({ columns }: TableSchema): string {
  const parts = columns.map((column) => {
    const text = canonicalText(column)
    return column.type.kind === "text" || column.type.kind === "json"
      ? `coalesce(length(${text})::text || ':' || ${text}, '~')`
      : `coalesce(${text}, '~') || ';'`
  })
  return `md5(convert_to(${concatenation(parts)}, 'UTF8'))`
}

/** Takes every row with one of these keys (canonical texts; of all columns where there is no key) out of a table. */
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
  const form = table.key === undefined ? exactly : comparable
  const operator = table.key === undefined ? "IS NOT DISTINCT FROM" : "="
  const matches = columns.map(
    (column, index) =>
      `${form(`t.${quoteIdentifier(column.name)}`, column)} ${operator} ${form(`k.k${index}`, column)}`,
  )
  return `(VALUES ${tuples.join(", ")}) AS k(${names.join(", ")}) WHERE ${matches.join(" AND ")}`
}
