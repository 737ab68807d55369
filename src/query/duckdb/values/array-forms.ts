import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** PostgreSQL's binary form of an array of one dimension. */

export function arrayBytes(elementOid: number, items: (Uint8Array | null)[]): Buffer {
  const head = Buffer.alloc(items.length === 0 ? 12 : 20)
  head.writeInt32BE(items.length === 0 ? 0 : 1, 0)
  head.writeInt32BE(items.includes(null) ? 1 : 0, 4)
  head.writeInt32BE(elementOid, 8)
  if (items.length > 0) {
    head.writeInt32BE(items.length, 12)
    head.writeInt32BE(1, 16)
  }
  const parts: Uint8Array[] = [head]
  for (const item of items) {
    const length = Buffer.alloc(4)
    length.writeInt32BE(item === null ? -1 : item.length)
    parts.push(length)
    if (item !== null) parts.push(item)
  }
  return Buffer.concat(parts)
}

function malformed(): PgError {
  return new PgError("22P03", "incorrect binary data format in an array parameter")
}

/** The elements as they came, and their type. Throws 22P03 on what is not such a form. */
export function arrayElements(bytes: Buffer): { elementOid: number; items: (Buffer | null)[] } {
  if (bytes.length < 12) throw malformed()
  const dimensions = bytes.readInt32BE(0)
  const elementOid = bytes.readUInt32BE(8)
  if (dimensions === 0) return { elementOid, items: [] }
  if (dimensions !== 1) throw new PgError("0A000", "array parameters of several dimensions are not supported")
  if (bytes.length < 20) throw malformed()
  const count = bytes.readInt32BE(12)
  // Each element has a length at least: a count beyond that is a lie, and must not make room for itself.
  if (count < 0 || count > (bytes.length - 20) / 4) throw malformed()
  const items: (Buffer | null)[] = []
  let at = 20
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw malformed()
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0) items.push(null)
    else {
      if (at + length > bytes.length) throw malformed()
      items.push(bytes.subarray(at, at + length))
      at += length
    }
  }
  return { elementOid, items }
}
