import { Problem } from "../../../domain/problems.ts"
import { decimalBytes, decimalText, unscaledOf } from "./log-decimal.ts"
import { int32, uint16, uint32 } from "./numbers.ts"

/** Reads MySQL's binary JSON (the server's `sql-common/json_binary.h`) and prints it as the server itself does. */

/** One value in the binary form. Offsets inside objects and arrays count from `at`. */
export interface BinaryJson {
  bytes: Buffer
  type: number
  at: number
  /** Where what it may lie in ends. */
  end: number
}

const types = {
  smallObject: 0,
  largeObject: 1,
  smallArray: 2,
  largeArray: 3,
  literal: 4,
  int16: 5,
  uint16: 6,
  int32: 7,
  uint32: 8,
  int64: 9,
  uint64: 10,
  double: 11,
  string: 12,
  opaque: 15,
} as const

const literals = ["null", "true", "false"]

/** A value of a column of type JSON. Without any byte it stands for the JSON literal null, as the server reads it. */
export function binaryJson(bytes: Buffer, start: number, end: number): BinaryJson {
  if (start === end) return { bytes: Buffer.from([0]), type: types.literal, at: 0, end: 1 }
  return { bytes, type: bytes[start] as number, at: start + 1, end }
}

/** The text that SELECT gives for it. */
export function jsonText(value: BinaryJson): string {
  if (value.type <= types.largeArray) return containerText(value)
  return scalarText(value)
}

function containerText(value: BinaryJson): string {
  const { keys, values } = membersOf(value)
  if (keys === undefined) return `[${values.map(jsonText).join(", ")}]`
  const members = values.map((member, index) => `${quoted(keys[index] ?? "")}: ${jsonText(member)}`)
  return `{${members.join(", ")}}`
}

export interface Members {
  /** Of an object, in the server's order; `undefined`: an array. */
  keys: string[] | undefined
  values: BinaryJson[]
}

export function isContainer({ type }: BinaryJson): boolean {
  return type <= types.largeArray
}

/** What an object or an array holds: counts, places of keys, places of values, then all of these. */
export function membersOf(value: BinaryJson): Members {
  const { bytes, type, at, end } = value
  const isLarge = type === types.largeObject || type === types.largeArray
  const isObject = type === types.smallObject || type === types.largeObject
  const size = isLarge ? 4 : 2
  const number = (place: number) => (isLarge ? uint32(bytes, place) : uint16(bytes, place))
  const count = number(at)
  const keysAt = at + 2 * size
  const keyBytes = size + 2
  const valuesAt = keysAt + (isObject ? count * keyBytes : 0)
  if (valuesAt + count * (size + 1) > end) throw notWhole()
  const keys: string[] = []
  const values: BinaryJson[] = []
  for (let i = 0; i < count; i++) {
    if (isObject) {
      const keyAt = at + number(keysAt + i * keyBytes)
      const keyEnd = keyAt + uint16(bytes, keysAt + i * keyBytes + size)
      if (keyEnd > end) throw notWhole()
      keys.push(bytes.toString("utf8", keyAt, keyEnd))
    }
    const entryAt = valuesAt + i * (size + 1)
    const kind = bytes[entryAt] as number
    const place = isInlined(kind, isLarge) ? entryAt + 1 : at + number(entryAt + 1)
    if (place >= end) throw notWhole()
    values.push({ bytes, type: kind, at: place, end })
  }
  return { keys: isObject ? keys : undefined, values }
}

function isInlined(type: number, isLarge: boolean): boolean {
  if (type >= types.literal && type <= types.uint16) return true
  return isLarge && (type === types.int32 || type === types.uint32)
}

function notWhole(): Problem {
  return new Problem("sourceProtocol", "The source's log holds a JSON value that is not whole.")
}

function scalarText({ bytes, type, at, end }: BinaryJson): string {
  switch (type) {
    case types.literal:
      return literals[bytes[at] as number] ?? "null"
    case types.int16:
      return String((uint16(bytes, at) << 16) >> 16)
    case types.uint16:
      return String(uint16(bytes, at))
    case types.int32:
      return String(int32(bytes, at))
    case types.uint32:
      return String(uint32(bytes, at))
    case types.int64:
      return bytes.readBigInt64LE(at).toString()
    case types.uint64:
      return bytes.readBigUInt64LE(at).toString()
    case types.double:
      return doubleText(bytes.readDoubleLE(at))
    case types.string: {
      const { from, to } = sized(bytes, at, end)
      return quoted(bytes.toString("utf8", from, to))
    }
    case types.opaque: {
      const { from, to } = sized(bytes, at + 1, end)
      return opaqueText(bytes[at] as number, bytes, from, to)
    }
    default:
      throw new Problem("sourceProtocol", `The source's log holds a JSON value of an unknown kind (${type}).`)
  }
}

/** A length in groups of seven bits, the lowest first, then as many bytes. */
function sized(bytes: Buffer, at: number, end: number): { from: number; to: number } {
  let length = 0
  let weight = 1
  for (let place = at; place < end && place < at + 5; place++) {
    const byte = bytes[place] as number
    length += (byte & 0x7f) * weight
    weight *= 128
    if (byte >= 0x80) continue
    const from = place + 1
    if (from + length > end) break
    return { from, to: from + length }
  }
  throw notWhole()
}

/** Where the server changes to the form with an exponent (`my_gcvt`). */
const [fewestPlaces, mostPlaces] = [-14, 15]

/** The fewest digits that tell the number apart, as the server lays them out. */
function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0"
  const [mantissa = "", exponent = "0"] = Math.abs(value).toExponential().split("e")
  const digits = mantissa.replace(".", "")
  const sign = value < 0 ? "-" : ""
  const point = Number(exponent) + 1
  if (point < fewestPlaces || point > mostPlaces) return `${sign}${mantissa}e${Number(exponent)}`
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`
  if (point >= digits.length) return `${sign}${digits}${"0".repeat(point - digits.length)}.0`
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

const escapes = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
])

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON escapes
const escaped = /["\\\u0000-\u001f]/g

export function quoted(text: string): string {
  const inside = text.replace(
    escaped,
    (character) => escapes.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
  return `"${inside}"`
}

/** The server's numbers of its types. */
const opaques = { timestamp: 7, date: 10, time: 11, datetime: 12, decimal: 246 } as const
/** The server breaks base64 into lines of this length. */
const base64Line = /.{1,76}/g

/** A value of an SQL type that JSON does not have. */
function opaqueText(type: number, bytes: Buffer, from: number, to: number): string {
  switch (type) {
    case opaques.decimal: {
      const [precision, scale] = [bytes[from] as number, bytes[from + 1] as number]
      if (from + 2 + decimalBytes(precision, scale) > to) throw notWhole()
      const { unscaled, isNegative } = unscaledOf(precision, scale, bytes, from + 2)
      return decimalText(unscaled, isNegative, scale)
    }
    case opaques.date:
    case opaques.datetime:
    case opaques.timestamp:
      return `"${dateText(bytes.readBigInt64LE(from), type === opaques.date)}"`
    case opaques.time:
      return `"${timeText(bytes.readBigInt64LE(from))}"`
    default: {
      const lines = bytes.toString("base64", from, to).match(base64Line) ?? []
      return quoted(`base64:type${type}:${lines.join("\n")}`)
    }
  }
}

const two = (value: number) => String(value).padStart(2, "0")
const microsBits = 24n

/** Microseconds in the lower 24 bits; above them a number of bit fields. */
function partsOf(packed: bigint): { whole: number; micros: string; isNegative: boolean } {
  const isNegative = packed < 0n
  const value = isNegative ? -packed : packed
  const micros = String(value & ((1n << microsBits) - 1n)).padStart(6, "0")
  return { whole: Number(value >> microsBits), micros, isNegative }
}

/** Year and month in one number, then 5 bits of day, and of hour, 6 of minute and second each. */
function dateText(packed: bigint, isDate: boolean): string {
  const { whole, micros, isNegative } = partsOf(packed)
  const clock = whole % 2 ** 17
  const days = Math.floor(whole / 2 ** 17)
  const yearMonth = Math.floor(days / 32)
  const year = String(Math.floor(yearMonth / 13)).padStart(4, "0")
  const date = `${isNegative ? "-" : ""}${year}-${two(yearMonth % 13)}-${two(days % 32)}`
  return isDate ? date : `${date} ${clockText(clock >> 12, clock)}.${micros}`
}

function timeText(packed: bigint): string {
  const { whole, micros, isNegative } = partsOf(packed)
  return `${isNegative ? "-" : ""}${clockText((whole >> 12) & 0x3ff, whole)}.${micros}`
}

function clockText(hour: number, packed: number): string {
  return `${two(hour)}:${two((packed >> 6) & 63)}:${two(packed & 63)}`
}
