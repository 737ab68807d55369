import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import {
  type ColumnBuffer,
  isNarrowDecimal,
  putBoolean,
  putBytes,
  putInt32,
  putInt64,
  putInt128,
  putSafeInteger,
  reserve,
} from "../../../replication/values/columns.ts"
import { putInfiniteDate, putInfiniteTimestamp } from "./special-values.ts"

/** Turns `from[start, end)`, one value as the server sends it, into the column's packed form. */
export type Decoder = (column: ColumnBuffer, from: Buffer, start: number, end: number) => void

// PostgreSQL counts from 2000-01-01, we from 1970-01-01.
const epochDays = 10957
const epochMicros = 946_684_800_000_000
const int64Max = 2n ** 63n - 1n

export const boolean: Decoder = (column, from, start) => putBoolean(column, from[start] !== 0)

export const int16: Decoder = (column, from, start) =>
  putInt32(column, (((from[start] as number) << 24) >> 16) | (from[start + 1] as number))

export const int32: Decoder = (column, from, start) => reversed(column, from, start, 4)

export const int64: Decoder = (column, from, start) => reversed(column, from, start, 8)

/** oid and its like: 4 bytes unsigned, held as int64. */
export const uint32: Decoder = (column, from, start) => putSafeInteger(column, from.readUInt32BE(start))

export const float32 = int32
export const float64 = int64

function reversed(column: ColumnBuffer, from: Buffer, start: number, length: 4 | 8): void {
  reserve(column, length)
  const { bytes } = column
  let at = column.usedBytes
  for (let i = start + length - 1; i >= start; i--) bytes[at++] = from[i] as number
  column.usedBytes = at
}

export const date: Decoder = (column, from, start) => {
  const days = from.readInt32BE(start)
  if (days === 2147483647) return putInfiniteDate(column, false)
  if (days === -2147483648) return putInfiniteDate(column, true)
  putInt32(column, days + epochDays)
}

export const timestamp: Decoder = (column, from, start) => {
  const high = from.readInt32BE(start)
  // Two halves of an exact number while the year is between 1736 and 2255: with the epoch's distance added it stays
  // below 2^53.
  if (high > -1_945_000 && high < 1_876_000)
    return putSafeInteger(column, high * 4294967296 + from.readUInt32BE(start + 4) + epochMicros)
  const micros = from.readBigInt64BE(start)
  if (micros === int64Max) return putInfiniteTimestamp(column, false)
  if (micros === -int64Max - 1n) return putInfiniteTimestamp(column, true)
  const sinceEpoch = micros + BigInt(epochMicros)
  if (sinceEpoch >= int64Max) throw new UnrepresentableValue("a timestamp after the year 294247")
  putInt64(column, sinceEpoch)
}

export const uuid: Decoder = (column, from, start) => {
  reserve(column, 16)
  from.copy(column.bytes, column.usedBytes, start, start + 16)
  column.usedBytes += 16
}

export const bytes: Decoder = putBytes

/** jsonb: the text behind one byte of version. */
export const jsonb: Decoder = (column, from, start, end) => putBytes(column, from, start + 1, end)

const digitsPerGroup = 4
/** Of 38 digits, with the point anywhere among them. */
const mostGroups = 2 + 38 / digitsPerGroup
const positive = 0x0000
const negative = 0x4000

/** numeric: groups of four decimal digits; the column's scale says how many digits behind the point to keep (all of them fit). */
export function numeric(scale: number): Decoder {
  const groupsBehind = Math.ceil(scale / digitsPerGroup)
  const surplus = 10 ** (groupsBehind * digitsPerGroup - scale)
  return (column, from, start) => {
    const groups = from.readUInt16BE(start)
    const weight = from.readInt16BE(start + 2)
    const sign = from.readUInt16BE(start + 4)
    if (sign !== positive && sign !== negative)
      throw new UnrepresentableValue("NaN or infinity in a numeric column")
    const wanted = weight + 1 + groupsBehind
    const first = start + 8
    if (column.type.kind === "decimal" && isNarrowDecimal(column.type) && wanted <= 3) {
      let value = 0
      for (let i = 0; i < wanted; i++)
        value = value * 10000 + (i < groups ? from.readUInt16BE(first + i * 2) : 0)
      value = Math.floor(value / surplus)
      return putSafeInteger(column, sign === negative ? -value : value)
    }
    if (wanted > mostGroups)
      throw new UnrepresentableValue("more digits than its type allows in a numeric column")
    let value = 0n
    for (let i = 0; i < wanted; i++)
      value = value * 10000n + BigInt(i < groups ? from.readUInt16BE(first + i * 2) : 0)
    value /= BigInt(surplus)
    putDecimal(column, sign === negative ? -value : value)
  }
}

/** The unscaled value of a decimal, in 8 or 16 bytes as the column wants. */
export function putDecimal(column: ColumnBuffer, unscaled: bigint): void {
  if (column.type.kind !== "decimal") throw new Error(`not a decimal column: ${column.type.kind}`)
  if (isNarrowDecimal(column.type)) putInt64(column, unscaled)
  else putInt128(column, unscaled)
}
