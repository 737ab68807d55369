import {
  type ColumnBuffer,
  isNarrowDecimal,
  putBytes,
  putInt32,
  putSafeInteger,
  putText,
  reserve,
} from "../../../replication/values/columns.ts"
import { putDate, putTimestamp } from "./calendar-dates.ts"
import { putUnscaled } from "./decode-text.ts"
import { binaryJson, jsonText } from "./json-binary.ts"
import { decimalLayout, decimalText, unscaledOf } from "./log-decimal.ts"
import * as numbers from "./numbers.ts"

/** Turns `from[start, end)`, one value as the log's row images hold it, into the column's packed form. */
export type Put = (column: ColumnBuffer, from: Buffer, start: number, end: number) => void

/** Of so many bytes, which lie in the log as they do in the packed form. */
function asIs(size: number): Put {
  return (column, from, start) => {
    reserve(column, size)
    const { bytes } = column
    const at = column.usedBytes
    for (let i = 0; i < size; i++) bytes[at + i] = from[start + i] as number
    column.usedBytes = at + size
  }
}

export const int8: Put = (column, from, start) => putInt32(column, ((from[start] as number) << 24) >> 24)
export const uint8: Put = (column, from, start) => putInt32(column, from[start] as number)
export const int16: Put = (column, from, start) => putInt32(column, (numbers.uint16(from, start) << 16) >> 16)
export const uint16: Put = (column, from, start) => putInt32(column, numbers.uint16(from, start))
export const int24: Put = (column, from, start) => putInt32(column, (numbers.uint24(from, start) << 8) >> 8)
export const uint24: Put = (column, from, start) => putInt32(column, numbers.uint24(from, start))
export const int32: Put = (column, from, start) => putInt32(column, numbers.int32(from, start))
export const uint32: Put = (column, from, start) => putSafeInteger(column, numbers.uint32(from, start))
export const uint64: Put = (column, from, start) => putUnscaled(column, from.readBigUInt64LE(start))
export const int64: Put = asIs(8)
export const float32: Put = asIs(4)
export const float64: Put = asIs(8)

/** Groups of nine digits, big-endian, the odd digits outermost; the first bit is set where the number is not negative. */
export function decimal(precision: number, scale: number, wholeDigits = 1): Put {
  const { sizes, weights } = decimalLayout(precision, scale)
  const isShort = precision <= 15
  return (column, from, start) => {
    if (!isShort || column.type.kind !== "decimal") {
      const { unscaled, isNegative } = unscaledOf(precision, scale, from, start)
      if (column.type.kind === "decimal") return putUnscaled(column, isNegative ? -unscaled : unscaled)
      return putText(column, decimalText(unscaled, isNegative, scale, wholeDigits))
    }
    const isNegative = ((from[start] as number) & 0x80) === 0
    const flip = isNegative ? 0xff : 0
    let value = 0
    let at = start
    for (let g = 0; g < sizes.length; g++) {
      let group = 0
      for (let i = 0; i < (sizes[g] as number); i++, at++) {
        const byte = at === start ? (from[at] as number) ^ 0x80 : (from[at] as number)
        group = group * 256 + (byte ^ flip)
      }
      value = value * (weights[g] as number) + group
    }
    if (isNarrowDecimal(column.type)) return putSafeInteger(column, isNegative ? -value : value)
    putUnscaled(column, BigInt(isNegative ? -value : value))
  }
}

const pad = (value: number, length: number): string => String(value).padStart(length, "0")

/** Day in 5 bits, month in 4, year in the rest. */
export const date: Put = (column, from, start) => {
  const packed = numbers.uint24(from, start)
  const year = packed >> 9
  const month = (packed >> 5) & 15
  const day = packed & 31
  if (column.type.kind === "date") putDate(column, year, month, day)
  else putText(column, `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`)
}

/** Bytes of a fraction with so many digits. */
export function fractionBytes(digits: number): number {
  return Math.ceil(digits / 2)
}

const fractionWeights = [0, 10_000, 100, 1]

function microsAt(from: Buffer, at: number, digits: number): number {
  const size = fractionBytes(digits)
  let fraction = 0
  for (let i = 0; i < size; i++) fraction = fraction * 256 + (from[at + i] as number)
  return fraction * (fractionWeights[size] as number)
}

/** The other way round than the log's other numbers. */
function uint32BigEndian(from: Buffer, at: number): number {
  return (
    (((from[at] as number) << 24) |
      ((from[at + 1] as number) << 16) |
      ((from[at + 2] as number) << 8) |
      (from[at + 3] as number)) >>>
    0
  )
}

function fractionText(micros: number, digits: number): string {
  return digits === 0 ? "" : `.${pad(micros, 6).slice(0, digits)}`
}

/** 5 bytes above an offset: year and month in 17 bits, day in 5, then hour, minute and second. */
export function datetime(digits: number): Put {
  return (column, from, start) => {
    const low = uint32BigEndian(from, start + 1)
    const yearMonth = (((from[start] as number) & 0x7f) << 10) | (low >>> 22)
    const year = Math.floor(yearMonth / 13)
    const month = yearMonth % 13
    const day = (low >>> 17) & 31
    const hour = (low >>> 12) & 31
    const minute = (low >>> 6) & 63
    const second = low & 63
    const micros = microsAt(from, start + 5, digits)
    if (column.type.kind === "timestamp") {
      const seconds = hour * 3600 + minute * 60 + second
      return putTimestamp(column, year, month, day, seconds * 1_000_000 + micros)
    }
    const clock = `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${fractionText(micros, digits)}`
    putText(column, `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)} ${clock}`)
  }
}

/** Seconds since 1970; zero stands for the zero date. */
export function timestamp(digits: number): Put {
  return (column, from, start) => {
    const seconds = uint32BigEndian(from, start)
    const micros = microsAt(from, start + 4, digits)
    if (column.type.kind === "timestamp") {
      if (seconds === 0 && micros === 0) putTimestamp(column, 0, 0, 0, 0)
      return putSafeInteger(column, seconds * 1_000_000 + micros)
    }
    const fraction = fractionText(micros, digits)
    if (seconds === 0 && micros === 0) return putText(column, `0000-00-00 00:00:00${fraction}`)
    putText(column, `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")}${fraction}`)
  }
}

/** 3 bytes and the fraction, above an offset; a negative time is the whole number negated. */
export function time(digits: number): Put {
  const size = fractionBytes(digits)
  return (column, from, start) => {
    const raw = from.readUIntBE(start, 3 + size) - 0x800000 * 256 ** size
    const isNegative = raw < 0
    const value = Math.abs(raw)
    const whole = Math.floor(value / 256 ** size)
    const micros = (value % 256 ** size) * (fractionWeights[size] as number)
    const [hour, minute, second] = [(whole >> 12) & 0x3ff, (whole >> 6) & 63, whole & 63]
    const clock = `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`
    putText(column, `${isNegative ? "-" : ""}${clock}${fractionText(micros, digits)}`)
  }
}

export const year: Put = (column, from, start) => {
  const value = from[start] as number
  putText(column, value === 0 ? "0000" : String(1900 + value))
}

/** The log leaves out zero bytes at the end of a value of fixed length. */
export function paddedBytes(length: number): Put {
  return (column, from, start, end) => {
    putBytes(column, from, start, end)
    const missing = length - (end - start)
    if (missing <= 0) return
    reserve(column, missing)
    column.bytes.fill(0, column.usedBytes, column.usedBytes + missing)
    column.usedBytes += missing
    column.view.setUint32(column.lastStart, length, true)
  }
}

export const uuid: Put = (column, from, start, end) => {
  reserve(column, 16)
  const { bytes } = column
  const at = column.usedBytes
  for (let i = 0; i < 16; i++) bytes[at + i] = start + i < end ? (from[start + i] as number) : 0
  column.usedBytes = at + 16
}

/** The number of a label, from 1 on; 0 is the empty text that stands for a value that was none. */
export function enumeration(labels: readonly string[], size: number): Put {
  const known = ["", ...labels].map((label) => Buffer.from(label))
  const nothing = Buffer.alloc(0)
  return (column, from, start) => {
    const label = known[from.readUIntLE(start, size)] ?? nothing
    putBytes(column, label, 0, label.length)
  }
}

/** A bit for each label. */
export function labelSet(labels: readonly string[], size: number): Put {
  return (column, from, start) => {
    const chosen = labels.filter(
      (_, index) => index < size * 8 && ((from[start + (index >> 3)] as number) >> (index & 7)) & 1,
    )
    putText(column, chosen.join(","))
  }
}

export const json: Put = (column, from, start, end) => {
  putText(column, jsonText(binaryJson(from, start, end)))
}
