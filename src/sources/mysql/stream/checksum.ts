import { crc32 } from "node:zlib"
import { int32 } from "../types/numbers.ts"
import { headerBytes } from "./events.ts"

/** Below this length a loop here beats the call into native code; most events of small transactions are shorter. */
const shortBytes = 256

/** How a byte changes the checksum when 0, 1, 2 or 3 bytes come behind it: four bytes are taken at once. */
const table0 = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})
const table1 = oneBehind(table0)
const table2 = oneBehind(table1)
const table3 = oneBehind(table2)

function oneBehind(table: Int32Array): Int32Array {
  return table.map((value) => (value >>> 8) ^ (table0[value & 0xff] as number))
}

/**
 * Of an event in `bytes[start, stop)`, without its own checksum: also without its header's length, offset and flags, in
 * which a server may write what suits the reader.
 */
export function digestOfEvent(bytes: Buffer, start: number, stop: number): number {
  const [header, body] = [checksumOf(bytes, start, start + 9), checksumOf(bytes, start + headerBytes, stop)]
  return (header ^ body) >>> 0
}

/** CRC-32 of `bytes[start, end)`. */
export function checksumOf(bytes: Buffer, start: number, end: number): number {
  if (end - start > shortBytes) return crc32(bytes.subarray(start, end))
  let value = -1
  let at = start
  for (const last = end - 3; at < last; at += 4) {
    value ^= int32(bytes, at)
    value =
      (table3[value & 0xff] as number) ^
      (table2[(value >>> 8) & 0xff] as number) ^
      (table1[(value >>> 16) & 0xff] as number) ^
      (table0[value >>> 24] as number)
  }
  for (; at < end; at++) value = (table0[(value ^ (bytes[at] as number)) & 0xff] as number) ^ (value >>> 8)
  return ~value >>> 0
}
