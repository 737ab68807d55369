import type { ColumnBuffer } from "../../../replication/values/columns.ts"
import { copyInto, type FieldWriter, newScratch, type Scratch } from "./block.ts"

/** Encodes the value that begins at `at` of the packed bytes behind what is in the scratch; answers where the next one begins. */
export type EncodeValue = (scratch: Scratch, column: ColumnBuffer, at: number) => number

/** How a field stands in the message around its value's bytes. */
export interface FieldFrame {
  /** Bytes of a null's field, and those that a value's has beside the value. */
  nullBytes: number
  overheadBytes: number
  /** Writes what stands before a value of `length` bytes (-1: null), and answers where the value goes. */
  open(out: Buffer, view: DataView, at: number, length: number): number
  /** Writes what stands behind it, and answers where the row's next field goes. */
  close(out: Buffer, at: number): number
}

/** Where memory for scratch is given back after a block with very large values. */
const keptScratchBytes = 4 * 2 ** 20

/** For values whose length only encoding them tells: they are encoded when they are measured. */
export function scratchField(frame: FieldFrame, encode: EncodeValue): FieldWriter {
  let next = 0
  let scratch = newScratch()
  return {
    begin() {
      next = 0
      if (scratch.bytes.length > keptScratchBytes) scratch = newScratch()
    },
    measure({ sizes, first, rows }, column) {
      let from = next
      scratch.used = 0
      for (let row = 0; row < rows; row++) {
        const start = scratch.used
        const isNull = column.nulls[first + row] === 1
        if (!isNull) from = encode(scratch, column, from)
        const length = scratch.used - start
        scratch.lengths[row] = isNull ? -1 : length
        sizes[row] = (sizes[row] as number) + (isNull ? frame.nullBytes : frame.overheadBytes + length)
      }
    },
    write({ rows, at, out, view }, column) {
      let from = 0
      for (let row = 0; row < rows; row++) {
        const length = scratch.lengths[row] as number
        const to = frame.open(out, view, at[row] as number, length)
        const end = from + Math.max(length, 0)
        copyInto(out, to, scratch.bytes, from, end)
        at[row] = frame.close(out, to + end - from)
        from = end
        if (length >= 0) next += packedBytes(column, next)
      }
    },
  }
}

/** Bytes of the value that begins at `at`. */
function packedBytes({ type, view }: ColumnBuffer, at: number): number {
  switch (type.kind) {
    case "text":
    case "json":
    case "bytes":
      return 4 + view.getUint32(at, true)
    case "boolean":
      return 1
    case "int16":
    case "int32":
    case "date":
    case "float32":
      return 4
    case "int64":
    case "float64":
    case "timestamp":
    case "timestamptz":
      return 8
    case "decimal":
      return type.precision <= 18 ? 8 : 16
    case "uuid":
      return 16
  }
}
