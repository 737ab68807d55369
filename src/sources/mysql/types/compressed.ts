import { inflateRawSync, inflateSync } from "node:zlib"
import { Problem } from "../../../domain/problems.ts"

/** No event of a server is larger. */
const largestBytes = 2 ** 30

/** MariaDB's compressed parts: how many bytes of length follow, the length, and a stream of zlib. */
export function inflatePart(bytes: Buffer, start: number, end: number): Buffer {
  const kind = bytes[start] as number
  const lengthBytes = kind & 7
  const length = lengthBytes === 0 ? 0 : bytes.readUIntBE(start + 1, lengthBytes)
  if ((kind & 0x80) === 0 || (kind & 0x70) !== 0 || length > largestBytes)
    throw new Problem("sourceProtocol", "The source compresses its log in a way that is not known here.")
  return inflateSync(bytes.subarray(start + 1 + lengthBytes, end), { maxOutputLength: largestBytes })
}

/**
 * A value of a COMPRESSED column of MariaDB: a byte that says how, then the value as it is, or the bytes of its length and a
 * stream of zlib, with its header and checksum or without (column_compression_zlib_wrap). The empty value has no bytes.
 */
export function inflateValue(bytes: Buffer, start: number, end: number): Buffer {
  if (start === end) return bytes.subarray(start, end)
  const kind = bytes[start] as number
  if (kind >> 4 === 0) return bytes.subarray(start + 1, end)
  if (kind >> 4 !== 8)
    throw new Problem("sourceProtocol", "The source compresses a column in a way that is not known here.")
  const packed = bytes.subarray(start + 1 + (kind & 7), end)
  const inflate = (kind & 8) === 0 ? inflateSync : inflateRawSync
  return inflate(packed, { maxOutputLength: largestBytes })
}
