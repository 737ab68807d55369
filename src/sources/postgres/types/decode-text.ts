import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import {
  type ColumnBuffer,
  isNarrowDecimal,
  putBoolean,
  putBytes,
  putInt32,
  putSafeInteger,
  putText,
  reserve,
} from "../../../replication/values/columns.ts"
import { daysOfDate } from "../../../replication/values/days.ts"
import { hexByte } from "../../../replication/values/hex-text.ts"
import { arrayToJson } from "./array-text.ts"
import { type Decoder, putDecimal } from "./decode-binary.ts"
import { putInfiniteDate, putInfiniteTimestamp, putTimestamp } from "./special-values.ts"

// Bytes of the text forms that our sessions ask for (DateStyle ISO, TimeZone UTC, bytea_output hex).
const zero = 0x30
const minus = 0x2d
const point = 0x2e
const letterT = 0x74
const letterI = 0x69
const letterN = 0x4e

export const boolean: Decoder = (column, from, start) => putBoolean(column, from[start] === letterT)

/** numeric(p,s): the server prints every digit of the scale. */
export function numeric(scale: number): Decoder {
  return (column, from, start, end) => {
    if (from[start] === letterN || from[end - 1] === 0x79)
      throw new UnrepresentableValue("NaN or infinity in a numeric column")
    const isNegative = from[start] === minus
    let digits = 0
    let behind = -1
    for (let i = isNegative ? start + 1 : start; i < end; i++) {
      if (from[i] === point) behind = 0
      else {
        digits++
        if (behind >= 0) behind++
      }
    }
    const missing = scale - Math.max(behind, 0)
    if (column.type.kind === "decimal" && isNarrowDecimal(column.type) && digits + missing <= 15) {
      let value = 0
      for (let i = isNegative ? start + 1 : start; i < end; i++)
        if (from[i] !== point) value = value * 10 + (from[i] as number) - zero
      value *= 10 ** missing
      return putSafeInteger(column, isNegative ? -value : value)
    }
    putDecimal(column, BigInt(from.toString("latin1", start, end).replace(".", "")) * 10n ** BigInt(missing))
  }
}

/** money in the C locale: `-$1,234.56`. */
export const money: Decoder = (column, from, start, end) => {
  putDecimal(column, BigInt(from.toString("latin1", start, end).replace(/[^0-9-]/g, "")) * 10n)
}

export const date: Decoder = (column, from, start, end) => {
  if (from[start] === letterI) return putInfiniteDate(column, false)
  if (from[start] === minus) return putInfiniteDate(column, true)
  putInt32(column, readDate(from, start, end).days)
}

export const timestamp: Decoder = (column, from, start, end) => {
  if (from[start] === letterI) return putInfiniteTimestamp(column, false)
  if (from[start] === minus) return putInfiniteTimestamp(column, true)
  const { days, next } = readDate(from, start, end)
  const at = next + 1
  const seconds = two(from, at) * 3600 + two(from, at + 3) * 60 + two(from, at + 6)
  putTimestamp(column, days, seconds * 1_000_000 + fraction(from, at + 8, end))
}

function two(from: Buffer, at: number): number {
  return ((from[at] as number) - zero) * 10 + (from[at + 1] as number) - zero
}

/** Microseconds behind the point, if there is one. */
function fraction(from: Buffer, at: number, end: number): number {
  if (at >= end || from[at] !== point) return 0
  let micros = 0
  let weight = 100_000
  for (let i = at + 1; i < end; i++) {
    const digit = (from[i] as number) - zero
    if (digit < 0 || digit > 9) break
    micros += digit * weight
    weight /= 10
  }
  return micros
}

/** `YYYY-MM-DD`, with more digits to the year where it needs them, and ` BC` at the very end of the value. */
function readDate(from: Buffer, start: number, end: number): { days: number; next: number } {
  let at = start
  let year = 0
  for (; at < end && from[at] !== minus; at++) year = year * 10 + (from[at] as number) - zero
  const isBc = end - start > 10 && from[end - 1] === 0x43
  const days = daysOfDate(isBc ? 1 - year : year, two(from, at + 1), two(from, at + 4))
  return { days, next: at + 6 }
}

/** bytea: `\x` and two hexadecimal digits a byte. */
export const bytea: Decoder = (column, from, start, end) => {
  const length = (end - start - 2) / 2
  reserve(column, length + 4)
  column.view.setUint32(column.usedBytes, length, true)
  let at = column.usedBytes + 4
  column.lastStart = column.usedBytes
  for (let i = start + 2; i < end; i += 2) column.bytes[at++] = hexByte(from, i)
  column.usedBytes = at
}

export const text: Decoder = putBytes

/** int2vector and oidvector: numbers with spaces between. */
export const vector: Decoder = (column, from, start, end) =>
  putText(column, `[${from.toString("latin1", start, end).replaceAll(" ", ",")}]`)

/** An array's text form becomes JSON; `asIs` elements (numbers, booleans, JSON) go without quotes. */
export function array(element: "number" | "boolean" | "json" | "text", delimiter: string): Decoder {
  return (column: ColumnBuffer, from, start, end) => {
    putText(column, arrayToJson(from.toString("utf8", start, end), element, delimiter))
  }
}
