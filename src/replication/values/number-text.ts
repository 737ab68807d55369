import { type ColumnBuffer, putFloat32, putFloat64, putInt32, putInt64, putSafeInteger } from "./columns.ts"

/** Turns `from[start, end)`, one value as a source sends it, into the column's packed form. */
export type Decoder = (column: ColumnBuffer, from: Buffer, start: number, end: number) => void

const zero = 0x30
const minus = 0x2d

/** So many characters are an exact JavaScript number, sign included. */
const safeCharacters = 15

export function integer(from: Buffer, start: number, end: number): number {
  const isNegative = from[start] === minus
  let value = 0
  for (let i = isNegative ? start + 1 : start; i < end; i++) value = value * 10 + (from[i] as number) - zero
  return isNegative ? -value : value
}

export const int32: Decoder = (column, from, start, end) => putInt32(column, integer(from, start, end))

export const int64: Decoder = (column, from, start, end) => {
  if (end - start <= safeCharacters) putSafeInteger(column, integer(from, start, end))
  else putInt64(column, BigInt(from.toString("latin1", start, end)))
}

export const float32: Decoder = (column, from, start, end) =>
  putFloat32(column, Number(from.toString("latin1", start, end)))

export const float64: Decoder = (column, from, start, end) =>
  putFloat64(column, Number(from.toString("latin1", start, end)))
