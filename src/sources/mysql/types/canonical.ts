import { hash } from "node:crypto"
import { unreachable } from "../../../domain/unreachable.ts"
import type { RowKey } from "../../../replication/contracts/comparison.ts"
import type { MyColumn, MyTable } from "../catalog.ts"
import { quoteIdentifier, quoteLiteral } from "../client.ts"

/** What a snapshot selects of a column: its text form, from which nothing is lost. */
export function selected({ name, facts, isRaw }: MyColumn): string {
  const column = quoteIdentifier(name)
  if (isRaw) return `CAST(${column} AS BINARY)`
  // A FLOAT prints six digits; as a DOUBLE it prints all that it has.
  return facts.dataType === "float" ? `${column} * 1e0` : column
}

/** The canonical text of a selected value, as replication/contracts/comparison.ts says it must be. */
export function canonicalText(
  { mapping: { type }, facts }: MyColumn,
  bytes: Buffer,
  start: number,
  end: number,
): string {
  switch (type.kind) {
    case "boolean":
    case "int16":
    case "int32":
    case "int64":
    case "decimal":
      return facts.isZerofill
        ? bytes.toString("latin1", start, end).replace(/^0+(?=\d)/, "")
        : bytes.toString("latin1", start, end)
    case "date":
      return bytes.toString("latin1", start, end)
    case "uuid":
      return bytes.toString("latin1", start, end).toLowerCase()
    case "float32":
    case "float64":
      return exponentText(Number(bytes.toString("latin1", start, end)))
    case "timestamp":
    case "timestamptz":
      return bytes
        .toString("latin1", start, end)
        .replace(/(\.\d*?)0+$/, "$1")
        .replace(/\.$/, "")
    case "bytes":
      return bytes.toString("hex", start, end)
    case "text":
    case "json":
      return bytes.toString("utf8", start, end)
    default:
      return unreachable(type)
  }
}

const digitsShown = 16
/** More digits than any double has at the place where C and JavaScript round differently. */
const exactDigits = 60

/** As C prints it with `%.16e`: halves are rounded to the even digit, the exponent has two digits or more. */
function exponentText(value: number): string {
  const rounded = value.toExponential(digitsShown)
  const [, sign = "", mantissa = "", behind = ""] =
    /^(-?)(\d\.\d{16})(\d*)e/.exec(value.toExponential(exactDigits)) ?? []
  const isHalf = /^50*$/.test(behind)
  const isEven = Number(mantissa.at(-1)) % 2 === 0
  const [shown = "", exponent = "+0"] = rounded.split("e")
  const digits = isHalf && isEven ? sign + mantissa : shown
  const negativeZero = Object.is(value, -0) ? "-" : ""
  return `${negativeZero}${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`
}

function keyColumns({ schema, columns }: MyTable): number[] {
  return schema.key ?? columns.map((_, index) => index)
}

export interface Canonical {
  hash(bytes: Buffer, starts: Int32Array, ends: Int32Array): string
  key(bytes: Buffer, starts: Int32Array, ends: Int32Array): RowKey
}

export function canonicalOf(table: MyTable): Canonical {
  const { columns } = table
  const key = keyColumns(table)
  const textAt = (bytes: Buffer, starts: Int32Array, ends: Int32Array, index: number) =>
    (starts[index] as number) < 0
      ? null
      : canonicalText(columns[index] as MyColumn, bytes, starts[index] as number, ends[index] as number)
  return {
    hash(bytes, starts, ends) {
      let whole = ""
      for (let i = 0; i < columns.length; i++) {
        const text = textAt(bytes, starts, ends, i)
        const { kind } = (columns[i] as MyColumn).mapping.type
        if (kind !== "text" && kind !== "json") whole += text === null ? "~;" : `${text};`
        else whole += text === null ? "~" : `${codePoints(text)}:${text}`
      }
      return hash("md5", whole)
    },
    key: (bytes, starts, ends) => key.map((index) => textAt(bytes, starts, ends, index)),
  }
}

function codePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count--
  return count
}

/**
 * A condition that holds for rows with one of these keys. A key's own comparison finds them by its index; where all
 * columns together tell a row they are compared as bytes, for 'a' = 'A' may hold.
 */
export function hasOneOf(table: MyTable, keys: readonly RowKey[]): string {
  const columns = keyColumns(table).map((index) => table.columns[index] as MyColumn)
  const equal = table.schema.key === undefined ? equalAsBytes : equalByIndex
  const tuples = keys.map((key) =>
    columns.map((column, index) => equal(column, key[index] ?? null)).join(" AND "),
  )
  return tuples.map((tuple) => `(${tuple})`).join(" OR ")
}

function literalOf({ mapping }: MyColumn, text: string | null): string {
  if (text === null) return "NULL"
  return mapping.type.kind === "bytes" ? `X'${text}'` : quoteLiteral(text)
}

function equalByIndex(column: MyColumn, text: string | null): string {
  const here = column.isRaw ? selected(column) : quoteIdentifier(column.name)
  return `${here} <=> ${literalOf(column, text)}`
}

function equalAsBytes(column: MyColumn, text: string | null): string {
  const { kind } = column.mapping.type
  if (kind !== "text" && kind !== "json") {
    // MySQL compares neither a VECTOR nor a geometry with bytes.
    if (kind === "bytes" && column.facts.dataType !== "bit")
      return `HEX(${selected(column)}) <=> ${text === null ? "NULL" : quoteLiteral(text.toUpperCase())}`
    const isFloat = kind === "float32" || kind === "float64"
    return isFloat && text !== null ? `(${selected(column)}) <=> ${text}` : equalByIndex(column, text)
  }
  return `CAST(CONVERT(${quoteIdentifier(column.name)} USING utf8mb4) AS BINARY) <=> CAST(${literalOf(column, text)} AS BINARY)`
}
