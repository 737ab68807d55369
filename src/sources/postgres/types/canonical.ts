import { unreachable } from "../../../domain/unreachable.ts"
import { concatenation, type RowKey } from "../../../replication/contracts/comparison.ts"
import type { PgColumn, PgTable } from "../catalog/catalog.ts"
import { quoteIdentifier, quoteLiteral } from "../client.ts"
import { printedForm } from "./query-forms.ts"
import { firstOwnOid } from "./type-parts.ts"

const moneyOid = 790
const vectorOids = new Set([22, 30])
const oidOid = 26
/** array_to_json writes their elements as we do: int2, int4, int8, float4, float8, numeric, bool, json, jsonb. */
const jsonElementOids = new Set([21, 23, 20, 700, 701, 1700, 16, 114, 3802])

/** The canonical text of a column's value, as replication/contracts/comparison.ts says it must be. */
export function canonicalText(column: PgColumn): string {
  const name = quoteIdentifier(column.name)
  const { type } = column.mapping
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
      return column.facts.oid === moneyOid ? `${name}::numeric::numeric(20, 3)::text` : `${name}::text`
    case "float32":
    case "float64":
      return `CASE ${name}::float8 WHEN 'NaN' THEN 'NaN' WHEN 'Infinity' THEN 'inf' WHEN '-Infinity' THEN '-inf' ELSE trim(to_char(${name}::float8, '9.9999999999999999EEEE')) END`
    case "bytes":
      return `encode(${name}, 'hex')`
    case "text":
      return printedForm(column)
    case "json":
      return jsonText(column)
    default:
      return unreachable(type)
  }
}

function jsonText(column: PgColumn): string {
  const name = quoteIdentifier(column.name)
  const { oid, element } = column.facts
  if (vectorOids.has(oid)) return `'[' || replace(${name}::text, ' ', ',') || ']'`
  if (element === undefined) return printedForm(column)
  // It writes oids as strings.
  if (element.oid === oidOid) return `array_to_json(${name}::int8[])::text`
  // Only a box is delimited otherwise, and array_to_json prints it as it is.
  if (jsonElementOids.has(element.oid) || element.delimiter !== ",") return `array_to_json(${name})::text`
  // By the array's own text: array_to_json has ideas of its own about times and composites.
  return `array_to_json(${printedForm(column)}::text[])::text`
}

/** A canonical text as a value of its column; the server finds the type. */
function literalOf(text: string | null, { mapping }: PgColumn): string {
  if (text === null) return "NULL"
  return mapping.type.kind === "bytes" ? quoteLiteral(`\\x${text}`) : quoteLiteral(text)
}

/**
 * A type that an extension brings (citext, ltree) has its own operators somewhere, which we do not look for: it is compared
 * by its text. Enums and composite types are compared by the server's own.
 */
function comparable(column: PgColumn): string {
  const isOfExtension = column.facts.oid >= firstOwnOid && column.parts === undefined
  return isOfExtension ? printedForm(column) : quoteIdentifier(column.name)
}

function keyColumns({ schema, columns }: PgTable): PgColumn[] {
  return schema.key === undefined ? columns : schema.key.map((index) => columns[index] as PgColumn)
}

/** An expression of how many characters a text, an expression, has. */
export type LengthOf = (text: string) => string

export function digestsQuery(place: string, table: PgTable, digits: number, lengthOf: LengthOf): string {
  return `SELECT left(h, ${digits}), count(*)::text, sum(('x' || right(h, 15))::bit(60)::bigint)::text FROM (SELECT ${hash(table, lengthOf)} AS h FROM ${place}) AS r GROUP BY 1`
}

export function rowsQuery(
  place: string,
  table: PgTable,
  chunks: readonly string[],
  lengthOf: LengthOf,
): string {
  const digits = chunks[0]?.length ?? 0
  // A function takes at most 100 arguments.
  const key = `array_to_json(ARRAY[${keyColumns(table).map(canonicalText).join(", ")}]::text[])::text`
  const digest = hash(table, lengthOf)
  return `SELECT ${digest}, ${key} FROM ${place} WHERE left(${digest}, ${digits}) IN (${chunks.map(quoteLiteral).join(", ")})`
}

/** The hash is over UTF-8, whatever the database's own encoding. */
function hash(table: PgTable, lengthOf: LengthOf): string {
  const parts = table.columns.map((column) => {
    const text = canonicalText(column)
    const { kind } = column.mapping.type
    return kind === "text" || kind === "json"
      ? `coalesce(${lengthOf(text)} || ':' || ${text}, '~')`
      : `coalesce(${text}, '~') || ';'`
  })
  return `md5(convert_to(${concatenation(parts)}, 'UTF8'))`
}

/** A condition that holds for rows with one of these keys, made so that an index serves it, where it can. */
export function hasOneOf(table: PgTable, keys: readonly RowKey[]): string {
  const columns = keyColumns(table)
  const names = columns.map(comparable)
  const tuples = keys.map(
    (key) => `(${columns.map((column, index) => literalOf(key[index] ?? null, column)).join(", ")})`,
  )
  return `(${names.join(", ")}) IN (${tuples.join(", ")})`
}
