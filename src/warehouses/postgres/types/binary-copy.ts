import type { ColumnBuffer, RowBuffer } from "../../../replication/values/columns.ts"
import { unsupported } from "./native-type.ts"

/** What a binary COPY begins with: signature, flags, length of the header's extension (PostgreSQL's documentation of COPY). */
export const binaryCopyHeader: Buffer = Buffer.from("5047434f50590aff0d0a000000000000000000", "hex")
/** What it ends with. */
export const binaryCopyTrailer: Buffer = Buffer.from("ffff", "hex")

/**
 * Packed rows as tuples of binary COPY, without header and trailer, so that the tuples of several buffers can follow one
 * another. The memory is the caller's: the row buffer may be used again.
 * @throws UnrepresentableValue, the column said, where a value has no exact form
 */
export function binaryCopyTuples(rows: RowBuffer): Buffer {
  const readers = rows.columns.map(readerOf)
  const fields: Buffer[] = []
  for (let row = 0; row < rows.rows; row++) {
    fields.push(int16(readers.length))
    for (const read of readers) {
      const value = read(row)
      fields.push(value === undefined ? int32(-1) : int32(value.length))
      if (value !== undefined) fields.push(value)
    }
  }
  return Buffer.concat(fields)
}

/** Answers a column's values in the order of rows, in the server's binary form; `undefined`: null. */
function readerOf(column: ColumnBuffer): (row: number) => Buffer | undefined {
  let at = 0
  return (row) => {
    if (column.nulls[row] === 1) return undefined
    const { value, bytes } = valueAt(column, at)
    at += bytes
    return value
  }
}

/** The server counts microseconds since 2000-01-01. */
const epochMicros = 946_684_800_000_000n

function valueAt({ type, view, bytes }: ColumnBuffer, at: number): { value: Buffer; bytes: number } {
  switch (type.kind) {
    case "boolean":
      return { value: Buffer.from(bytes.subarray(at, at + 1)), bytes: 1 }
    case "int16":
      return { value: int16(view.getInt32(at, true)), bytes: 4 }
    case "int32":
      return { value: int32(view.getInt32(at, true)), bytes: 4 }
    case "int64":
      return { value: int64(view.getBigInt64(at, true)), bytes: 8 }
    case "timestamp":
      return { value: int64(view.getBigInt64(at, true) - epochMicros), bytes: 8 }
    case "text": {
      const length = view.getUint32(at, true)
      return { value: Buffer.from(bytes.subarray(at + 4, at + 4 + length)), bytes: length + 4 }
    }
    default:
      throw unsupported(type)
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
