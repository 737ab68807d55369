import { isUtf8 } from "node:buffer"
import type { ColumnType } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import {
  bufferedBytes,
  type ColumnBuffer,
  isNarrowDecimal,
  type RowBuffer,
} from "../../../replication/values/columns.ts"
import { duckDbType } from "../naming.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"

// Measured: a row costs 1 ms less in the statement than in a file of its own; more text than this takes longer to parse.
const maxRows = 16
const maxCells = 256
const maxBytes = 4096

/**
 * A few rows as a relation of constants, for FROM: an otherwise idle stream has them visible sooner than by way of a file.
 * `undefined`: they are too many, or hold something that no constant says exactly.
 */
export function inlineRows(names: readonly string[], rows: RowBuffer): string | undefined {
  if (
    rows.rows === 0 ||
    rows.rows > maxRows ||
    rows.rows * names.length > maxCells ||
    bufferedBytes(rows) > maxBytes
  )
    return undefined
  const columns = rows.columns.map((column) => constantsOf(column, rows.rows))
  const lines: string[] = []
  for (let row = 0; row < rows.rows; row++) {
    const line = columns.map((constants) => constants[row])
    if (line.includes(undefined)) return undefined
    lines.push(`(${line.join(", ")})`)
  }
  return `(SELECT * FROM (VALUES ${lines.join(", ")}) AS v(${names.map(quoteIdentifier).join(", ")}))`
}

function constantsOf(column: ColumnBuffer, rows: number): (string | undefined)[] {
  const type = duckDbType(column.type)
  let at = 0
  return Array.from({ length: rows }, (_, row) => {
    if (column.nulls[row] === 1) return `NULL::${type}`
    const start = at
    at += lengthOf(column, start)
    const text = constant(column, start, at)
    return text && `${text}::${type}`
  })
}

function lengthOf({ type, view }: ColumnBuffer, at: number): number {
  switch (type.kind) {
    case "boolean":
      return 1
    case "int16":
    case "int32":
    case "date":
    case "float32":
      return 4
    case "int64":
    case "timestamp":
    case "timestamptz":
    case "float64":
      return 8
    case "decimal":
      return isNarrowDecimal(type) ? 8 : 16
    case "uuid":
      return 16
    case "text":
    case "json":
    case "bytes":
      return 4 + view.getUint32(at, true)
    default:
      return unreachable(type)
  }
}

/** Beyond these the engine's own arithmetic, or its infinities, begin. */
const farDays = 1_000_000
const farMicros = 2n ** 62n

function constant({ type, view, bytes }: ColumnBuffer, at: number, end: number): string | undefined {
  switch (type.kind) {
    case "boolean":
      return bytes[at] === 0 ? "false" : "true"
    case "int16":
    case "int32":
      return quoteLiteral(String(view.getInt32(at, true)))
    case "int64":
      return quoteLiteral(String(view.getBigInt64(at, true)))
    case "float32":
      return quoteLiteral(floatText(view.getFloat32(at, true)))
    case "float64":
      return quoteLiteral(floatText(view.getFloat64(at, true)))
    case "decimal":
      return quoteLiteral(decimalText(unscaled(type, view, at), type.scale))
    case "date": {
      const days = view.getInt32(at, true)
      return Math.abs(days) > farDays ? undefined : `(DATE '1970-01-01' + ${days})`
    }
    case "timestamp":
    case "timestamptz": {
      const micros = view.getBigInt64(at, true)
      if (micros > farMicros || micros < -farMicros) return undefined
      return `make_${type.kind}(${micros})`
    }
    case "uuid":
      return quoteLiteral(bytes.toString("hex", at, end))
    case "text":
      return textConstant(bytes.subarray(at + 4, end))
    case "bytes":
      return `unhex('${bytes.toString("hex", at + 4, end)}')`
    case "json":
      // The cast would read it; from a file it is taken as it is.
      return undefined
    default:
      return unreachable(type)
  }
}

function floatText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value)
}

function unscaled(type: ColumnType & { kind: "decimal" }, view: DataView, at: number): bigint {
  if (isNarrowDecimal(type)) return view.getBigInt64(at, true)
  return (view.getBigInt64(at, false) << 64n) | view.getBigUint64(at + 8, false)
}

function decimalText(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0")
  const behind = digits.length - scale
  const text = scale === 0 ? digits : `${digits.slice(0, behind)}.${digits.slice(behind)}`
  return value < 0n ? `-${text}` : text
}

function textConstant(bytes: Buffer): string | undefined {
  return bytes.includes(0) || !isUtf8(bytes) ? undefined : quoteLiteral(bytes.toString("utf8"))
}
