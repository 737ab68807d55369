import { inflateSync } from "node:zlib"
import { Problem } from "../../domain/problems.ts"

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
