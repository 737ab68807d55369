import {
  type ColumnBuffer,
  isNarrowDecimal,
  putBytes,
  putInt64,
  putInt128,
  putSafeInteger,
} from "../../../replication/values/columns.ts"
import { type Decoder, integer } from "../../../replication/values/number-text.ts"
import { putDate, putTimestamp } from "./calendar-dates.ts"

const zero = 0x30
const minus = 0x2d
const point = 0x2e

/** The server prints every digit of the scale. */
export const decimal: Decoder = (column, from, start, end) => {
  if (column.type.kind === "decimal" && isNarrowDecimal(column.type) && end - start <= 16) {
    const isNegative = from[start] === minus
    let value = 0
    for (let i = isNegative ? start + 1 : start; i < end; i++)
      if (from[i] !== point) value = value * 10 + (from[i] as number) - zero
    return putSafeInteger(column, isNegative ? -value : value)
  }
  putUnscaled(column, BigInt(from.toString("latin1", start, end).replace(".", "")))
}

/** The unscaled value of a decimal, in 8 or 16 bytes as the column wants. */
export function putUnscaled(column: ColumnBuffer, unscaled: bigint): void {
  if (column.type.kind !== "decimal") throw new Error(`not a decimal column: ${column.type.kind}`)
  if (isNarrowDecimal(column.type)) putInt64(column, unscaled)
  else putInt128(column, unscaled)
}

/** `YYYY-MM-DD` */
export const date: Decoder = (column, from, start) =>
  putDate(column, integer(from, start, start + 4), two(from, start + 5), two(from, start + 8))

/** `YYYY-MM-DD hh:mm:ss`, with a fraction where the column has one. */
export const timestamp: Decoder = (column, from, start, end) => {
  const seconds = two(from, start + 11) * 3600 + two(from, start + 14) * 60 + two(from, start + 17)
  putTimestamp(
    column,
    integer(from, start, start + 4),
    two(from, start + 5),
    two(from, start + 8),
    seconds * 1_000_000 + fraction(from, start + 20, end),
  )
}

function two(from: Buffer, at: number): number {
  return ((from[at] as number) - zero) * 10 + (from[at + 1] as number) - zero
}

function fraction(from: Buffer, start: number, end: number): number {
  let micros = 0
  let weight = 100_000
  for (let i = start; i < end; i++, weight /= 10) micros += ((from[i] as number) - zero) * weight
  return micros
}

export const bytes: Decoder = putBytes
export const text: Decoder = putBytes
