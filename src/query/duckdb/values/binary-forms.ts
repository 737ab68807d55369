import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** PostgreSQL's binary wire forms (its `*_send` and `*_recv` functions). Times count from 2000-01-01. */

export const epochDaysTo2000 = 10_957
export const epochMicrosTo2000 = 946_684_800_000_000n
const infinityMicros = 9223372036854775807n

export function int16Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64Bytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export function float32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatBE(value)
  return bytes
}

export function float64Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

export function uuidBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll("-", ""), "hex")
}

export function dateBytes(days: number): Buffer {
  if (Math.abs(days) === 2147483647) return int32Bytes(days > 0 ? 2147483647 : -2147483648)
  return int32Bytes(days - epochDaysTo2000)
}

export function timestampBytes(micros: bigint): Buffer {
  if (micros === infinityMicros) return int64Bytes(infinityMicros)
  if (micros === -infinityMicros) return int64Bytes(-infinityMicros - 1n)
  return int64Bytes(micros - epochMicrosTo2000)
}

export function intervalBytes(months: number, days: number, micros: bigint): Buffer {
  return Buffer.concat([int64Bytes(micros), int32Bytes(days), int32Bytes(months)])
}

/** From the decimal's text: base-10000 digits, weight, sign, scale. */
export function numericBytes(text: string): Buffer {
  const negative = text.startsWith("-")
  const [whole = "", fraction = ""] = text.replace(/^-/, "").split(".")
  const wholePadded = whole.padStart(Math.ceil(whole.length / 4) * 4, "0")
  const fractionPadded = fraction.padEnd(Math.ceil(fraction.length / 4) * 4, "0")
  const digits = (wholePadded + fractionPadded).match(/\d{4}/g)?.map(Number) ?? []
  let weight = wholePadded.length / 4 - 1
  while (digits[0] === 0) {
    digits.shift()
    weight--
  }
  while (digits.at(-1) === 0) digits.pop()
  const head = [
    digits.length,
    digits.length === 0 ? 0 : weight,
    negative && digits.length > 0 ? 0x4000 : 0,
    fraction.length,
  ]
  const bytes = Buffer.alloc(8 + digits.length * 2)
  for (const [index, value] of [...head, ...digits].entries()) bytes.writeUInt16BE(value & 0xffff, index * 2)
  return bytes
}

export function numericText(bytes: Buffer): string {
  const count = bytes.readUInt16BE(0)
  const weight = bytes.readInt16BE(2)
  const sign = bytes.readUInt16BE(4)
  const scale = bytes.readUInt16BE(6)
  if (sign === 0xc000) return "NaN"
  if (sign === 0xd000) return "Infinity"
  if (sign === 0xf000) return "-Infinity"
  const group = (index: number): string =>
    String(index >= 0 && index < count ? bytes.readUInt16BE(8 + index * 2) : 0).padStart(4, "0")
  let whole = ""
  for (let i = 0; i <= weight; i++) whole += group(i)
  let fraction = ""
  for (let i = weight + 1; fraction.length < scale; i++) fraction += group(i)
  const text = `${whole.replace(/^0+(?=\d)/, "") || "0"}${scale > 0 ? `.${fraction.slice(0, scale)}` : ""}`
  return sign === 0x4000 ? `-${text}` : text
}

/** How many bits, then the bits from the left. */
export function bitBytes(text: string): Buffer {
  const bytes = Buffer.alloc(4 + Math.ceil(text.length / 8))
  bytes.writeInt32BE(text.length)
  for (let i = 0; i < text.length; i++) {
    const at = 4 + (i >> 3)
    if (text[i] === "1") bytes[at] = (bytes[at] ?? 0) | (0x80 >> (i & 7))
  }
  return bytes
}

/** Throws 22P03 on what is not such a form. */
export function bitText(bytes: Buffer): string {
  const length = bytes.length < 4 ? -1 : bytes.readInt32BE()
  if (length < 0 || Math.ceil(length / 8) !== bytes.length - 4)
    throw new PgError("22P03", "incorrect binary data format in a bit string parameter")
  const bits = Array.from(bytes.subarray(4), (byte) => byte.toString(2).padStart(8, "0"))
  return bits.join("").slice(0, length)
}
