/**
 * numeric in binary: count of digits, weight of the first, sign, digits behind the point as shown, then the digits, each of
 * base 10,000 and two bytes. (Source: numeric_recv of PostgreSQL's numeric.c.)
 */
import { isNarrowDecimal } from "../../../replication/values/columns.ts"
import { extend, type FieldWriter, type Scratch } from "./block.ts"
import { type EncodeValue, type FieldFrame, scratchField } from "./scratch-field.ts"

/** A field of binary COPY. */
export const binaryFrame: FieldFrame = {
  nullBytes: 4,
  overheadBytes: 4,
  open(_out, view, at, length) {
    view.setInt32(at, length)
    return at + 4
  },
  close: (_out, at) => at,
}

interface DecimalType {
  precision: number
  scale: number
}

/** A decimal for `native`: `numeric`, `money` or `xid8`. */
export function decimalField(type: DecimalType, native: string): FieldWriter {
  return scratchField(binaryFrame, encodeDecimal(type, native))
}

/** A numeric that travels as text. */
export function numericTextField(): FieldWriter {
  return scratchField(binaryFrame, (scratch, { bytes, view }, at) => {
    const end = at + 4 + view.getUint32(at, true)
    putNumericText(scratch, bytes, at + 4, end)
    return end
  })
}

function encodeDecimal(type: DecimalType, native: string): EncodeValue {
  if (native === "money") return moneyOf
  if (native === "xid8") return integerOf
  return isNarrowDecimal(type) ? narrowNumeric(type.scale) : wideNumeric(type.scale)
}

/** money counts hundredths; it travels with three digits behind the point, the last one 0. */
const moneyOf: EncodeValue = (scratch, { view }, at) => putInt64(scratch, readWide(view, at) / 10n, at)
const integerOf: EncodeValue = (scratch, { view }, at) => putInt64(scratch, readWide(view, at), at)

function putInt64(scratch: Scratch, value: bigint, at: number): number {
  extend(scratch, 8)
  scratch.view.setBigInt64(scratch.used, value)
  scratch.used += 8
  return at + 16
}

function readWide(view: DataView, at: number): bigint {
  return (view.getBigInt64(at, false) << 64n) | view.getBigUint64(at + 8, false)
}

/** From this high half on, or with more digits behind the point, a value is no exact number. */
const safeHigh = 2 ** 21
const safeScale = 12

interface Shape {
  scale: number
  /** Digits of base 10,000 behind the point. */
  fractionGroups: number
}

function narrowNumeric(scale: number): EncodeValue {
  const point = 10 ** scale
  const shape = { scale, fractionGroups: Math.ceil(scale / decimalsPerGroup) }
  const padding = 10 ** (shape.fractionGroups * decimalsPerGroup - scale)
  return (scratch, { view }, at) => {
    const high = view.getInt32(at + 4, true)
    if (scale > safeScale || high >= safeHigh || high < -safeHigh) {
      putUnscaled(scratch, view.getBigInt64(at, true), scale)
      return at + 8
    }
    const value = high * 4294967296 + view.getUint32(at, true)
    const magnitude = Math.abs(value)
    const whole = Math.floor(magnitude / point)
    const start = scratch.used
    putGroups(scratch, shape, whole, (magnitude - whole * point) * padding)
    if (value < 0) scratch.view.setUint16(start + signAt, negative)
    return at + 8
  }
}

function wideNumeric(scale: number): EncodeValue {
  return (scratch, { view }, at) => {
    putUnscaled(scratch, readWide(view, at), scale)
    return at + 16
  }
}

const decimalsPerGroup = 4
const base = 10_000
const headerBytes = 8
const signAt = 4
const negative = 0x4000
const notANumber = 0xc000
const infinity = 0xd000
const minusInfinity = 0xf000

/** Groups of one value, from the last. The server itself leaves out zeros at both ends. */
const groups = new Uint16Array(8)

/** `whole` is below 2^53, and `fraction` has all digits of the shape's groups. */
function putGroups(
  scratch: Scratch,
  { scale, fractionGroups }: Shape,
  whole: number,
  fraction: number,
): void {
  let first = groups.length
  for (let rest = fraction; first > groups.length - fractionGroups; ) {
    const next = Math.floor(rest / base)
    groups[--first] = rest - next * base
    rest = next
  }
  for (let rest = whole; rest > 0; ) {
    const next = Math.floor(rest / base)
    groups[--first] = rest - next * base
    rest = next
  }
  const count = groups.length - first
  putHeader(scratch, count, count - fractionGroups - 1, scale)
  for (let index = first; index < groups.length; index++) {
    scratch.view.setUint16(scratch.used, groups[index] as number)
    scratch.used += 2
  }
}

/** Of a number that is not negative; makes room for its groups too. */
function putHeader(scratch: Scratch, count: number, weight: number, scale: number): void {
  extend(scratch, headerBytes + count * 2)
  const { view, used } = scratch
  view.setUint16(used, count)
  view.setInt16(used + 2, weight)
  view.setUint16(used + signAt, 0)
  view.setUint16(used + 6, scale)
  scratch.used += headerBytes
}

function putUnscaled(scratch: Scratch, unscaled: bigint, scale: number): void {
  const isNegative = unscaled < 0n
  const digits = (isNegative ? -unscaled : unscaled).toString().padStart(scale + 1, "0")
  const whole = digits.length - scale
  const text = `${isNegative ? "-" : ""}${digits.slice(0, whole)}.${digits.slice(whole)}`
  putNumericText(scratch, Buffer.from(text, "latin1"), 0, text.length)
}

const minus = 0x2d
const point = 0x2e
const zero = 0x30
const letterN = 0x4e
const letterY = 0x79

/** As the server prints it: digits, perhaps a sign before and a point among them; or `NaN`, `Infinity`, `-Infinity`. */
function putNumericText(scratch: Scratch, bytes: Buffer, start: number, end: number): void {
  const isNegative = bytes[start] === minus
  const from = isNegative ? start + 1 : start
  const header = scratch.used
  if (bytes[from] === letterN) putSpecial(scratch, notANumber)
  else if (bytes[end - 1] === letterY) putSpecial(scratch, isNegative ? minusInfinity : infinity)
  else {
    putDigits(scratch, bytes, from, end)
    if (isNegative) scratch.view.setUint16(header + signAt, negative)
  }
}

function putSpecial(scratch: Scratch, sign: number): void {
  const header = scratch.used
  putHeader(scratch, 0, 0, 0)
  scratch.view.setUint16(header + signAt, sign)
}

function putDigits(scratch: Scratch, bytes: Buffer, from: number, end: number): void {
  const found = bytes.subarray(from, end).indexOf(point)
  const pointAt = found < 0 ? end : from + found
  const scale = Math.max(end - pointAt - 1, 0)
  const wholeGroups = Math.ceil((pointAt - from) / decimalsPerGroup)
  const fractionGroups = Math.ceil(scale / decimalsPerGroup)
  putHeader(scratch, wholeGroups + fractionGroups, wholeGroups - 1, scale)
  let at = from
  for (let group = 0; group < wholeGroups; group++) {
    const last = pointAt - (wholeGroups - group - 1) * decimalsPerGroup
    putGroup(scratch, digitsOf(bytes, at, last))
    at = last
  }
  at = pointAt + 1
  for (let group = 0; group < fractionGroups; group++, at += decimalsPerGroup) {
    const last = Math.min(at + decimalsPerGroup, end)
    putGroup(scratch, digitsOf(bytes, at, last) * 10 ** (decimalsPerGroup - (last - at)))
  }
}

function digitsOf(bytes: Buffer, from: number, end: number): number {
  let value = 0
  for (let at = from; at < end; at++) value = value * 10 + (bytes[at] as number) - zero
  return value
}

function putGroup(scratch: Scratch, group: number): void {
  scratch.view.setUint16(scratch.used, group)
  scratch.used += 2
}
