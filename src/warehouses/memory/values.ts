import type { ColumnType } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import { type ColumnBuffer, isNarrowDecimal, type RowBuffer } from "../../replication/values/columns.ts"
import { dateText, timestampText } from "./time-text.ts"

/** A value as its canonical text (src/replication/contracts/comparison.ts says which); null is null. */
export type Value = string | null
export type Row = readonly Value[]

/** Packed rows as texts, in their order. */
export function unpacked(buffer: RowBuffer): Row[] {
  const columns = buffer.columns.map((column) => valuesOf(column, buffer.rows))
  return Array.from({ length: buffer.rows }, (_, row) => columns.map((values) => values[row] ?? null))
}

function valuesOf(column: ColumnBuffer, rows: number): Value[] {
  let at = 0
  return Array.from({ length: rows }, (_, row) => {
    if (column.nulls[row] === 1) return null
    const { text, bytes } = readValue(column, at)
    at += bytes
    return text
  })
}

/** The value that begins at `at`, and the bytes that it takes. */
function readValue({ type, bytes, view }: ColumnBuffer, at: number): { text: string; bytes: number } {
  switch (type.kind) {
    case "boolean":
      return { text: bytes[at] === 1 ? "true" : "false", bytes: 1 }
    case "int16":
    case "int32":
      return { text: String(view.getInt32(at, true)), bytes: 4 }
    case "date":
      return { text: dateText(view.getInt32(at, true)), bytes: 4 }
    case "float32":
      return { text: floatText(view.getFloat32(at, true)), bytes: 4 }
    case "float64":
      return { text: floatText(view.getFloat64(at, true)), bytes: 8 }
    case "int64":
      return { text: String(view.getBigInt64(at, true)), bytes: 8 }
    case "timestamp":
      return { text: timestampText(view.getBigInt64(at, true), ""), bytes: 8 }
    case "timestamptz":
      return { text: timestampText(view.getBigInt64(at, true), "+00"), bytes: 8 }
    case "decimal":
      return isNarrowDecimal(type)
        ? { text: decimalText(view.getBigInt64(at, true), type.scale), bytes: 8 }
        : { text: decimalText(readInt128(view, at), type.scale), bytes: 16 }
    case "uuid":
      return { text: uuidText(bytes.toString("hex", at, at + 16)), bytes: 16 }
    case "text":
    case "json":
    case "bytes": {
      const length = view.getUint32(at, true)
      const encoding = type.kind === "bytes" ? "hex" : "utf8"
      return { text: bytes.toString(encoding, at + 4, at + 4 + length), bytes: length + 4 }
    }
    default:
      return unreachable(type)
  }
}

function readInt128(view: DataView, at: number): bigint {
  return (view.getBigInt64(at, false) << 64n) | view.getBigUint64(at + 8, false)
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0")
  const sign = unscaled < 0n ? "-" : ""
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** As C prints it with `%.16e`. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN"
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf"
  const [mantissa = "", exponent = ""] = halfToEven(value).split("e")
  const sign = Object.is(value, -0) ? "-" : ""
  return `${sign}${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`
}

/** `toExponential(16)`, but of two texts that are equally near the one with the even digit, as in C: JavaScript takes the larger. */
function halfToEven(value: number): string {
  const [exact = "", exponent = ""] = value.toExponential(100).split("e")
  const kept = exact.slice(0, -84)
  const isTie = /^50*$/.test(exact.slice(-84))
  return isTie && Number(kept.at(-1)) % 2 === 0 ? `${kept}e${exponent}` : value.toExponential(16)
}

function uuidText(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

/** A value of a column that becomes one of another type: only a decimal's scale shows in its text. */
export function converted(value: Value, to: ColumnType): Value {
  if (value === null || to.kind !== "decimal" || to.scale === 0) return value
  const [whole = "", fraction = ""] = value.split(".")
  return `${whole}.${fraction.padEnd(to.scale, "0")}`
}
