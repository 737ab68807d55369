import type { Column } from "../../../domain/table.ts"
import type { ColumnBuffer, RowBuffer } from "../../../replication/values/columns.ts"
import { isReadAsText } from "../types/native-type.ts"
import { binaryField } from "./binary-fields.ts"
import { type Block, blockRows, type FieldWriter, viewOf } from "./block.ts"
import { textField } from "./text-fields.ts"

/** A column of the table that COPY fills: what travels, and the type it has there. */
export type CopyColumn = Pick<Column, "type" | "native">

/** Turns row buffers into CopyData messages, without an object per row or value. One buffer at a time. */
export interface CopyEncoder {
  /** The FORMAT that the COPY statement must name. */
  readonly format: "binary" | "text"
  /** The message before the first row; `undefined`: there is none. */
  readonly header: Buffer | undefined
  readonly trailer: Buffer | undefined
  /** Begins with the buffer's first row. The buffer may not change until its last message was taken. */
  begin(rows: RowBuffer): void
  /**
   * Some of the rows that are left as one message, in `into` if it has room; `undefined`: none are left. The buffer of the answer
   * may be given as `into` again when it was sent.
   */
  next(into: Buffer | undefined): EncodedRows | undefined
}

export interface EncodedRows {
  message: Buffer
  /** What `message` is a part of. */
  memory: Buffer
}

const copyData = 0x64
const frameBytes = 5
/** A message has at least one row, and no more when it has this size. */
const messageBytes = 2 ** 18
/** Memory above this is not used again. */
const keptBytes = 2 ** 22

export function newCopyEncoder(columns: readonly CopyColumn[]): CopyEncoder {
  const format = columns.some(isReadAsText) ? "text" : "binary"
  const writers = columns.map((column, index) =>
    format === "binary" ? binaryField(column) : textField(column, { isLast: index === columns.length - 1 }),
  )
  const block = newBlock()
  let rows: RowBuffer | undefined
  return {
    format,
    header: format === "binary" ? framed(binaryHeader) : undefined,
    trailer: format === "binary" ? framed(Buffer.from([0xff, 0xff])) : undefined,
    begin(next) {
      rows = next
      block.first = 0
      for (const writer of writers) writer.begin()
    },
    next(into) {
      if (rows === undefined || block.first >= rows.rows) return undefined
      const size = measured(block, { rows, writers, rowBytes: format === "binary" ? countBytes : 0 })
      const memory = roomFor(size + frameBytes, into)
      place(block, memory, format === "binary" ? columns.length : undefined)
      for (const [index, writer] of writers.entries())
        writer.write(block, rows.columns[index] as ColumnBuffer)
      block.first += block.rows
      memory[0] = copyData
      memory.writeInt32BE(size + frameBytes - 1, 1)
      return { message: memory.subarray(0, size + frameBytes), memory }
    },
  }
}

/** "PGCOPY\n\377\r\n\0", no flags, no extension of the header. */
const binaryHeader = Buffer.from("5047434f50590aff0d0a000000000000000000", "hex")
const countBytes = 2

function framed(body: Buffer): Buffer {
  const frame = Buffer.alloc(frameBytes)
  frame[0] = copyData
  frame.writeInt32BE(body.length + frameBytes - 1, 1)
  return Buffer.concat([frame, body])
}

function newBlock(): Block {
  const out = Buffer.alloc(0)
  return {
    first: 0,
    rows: 0,
    sizes: new Int32Array(blockRows),
    at: new Int32Array(blockRows),
    out,
    view: viewOf(out),
  }
}

interface Measuring {
  rows: RowBuffer
  writers: readonly FieldWriter[]
  /** What a row takes beside its fields. */
  rowBytes: number
}

/** Chooses how many rows the block takes; answers their bytes. */
function measured(block: Block, { rows, writers, rowBytes }: Measuring): number {
  block.rows = Math.min(blockRows, rows.rows - block.first)
  block.sizes.fill(rowBytes, 0, block.rows)
  for (const [index, writer] of writers.entries()) writer.measure(block, rows.columns[index] as ColumnBuffer)
  let size = 0
  let count = 0
  while (count < block.rows && (count === 0 || size < messageBytes)) size += block.sizes[count++] as number
  block.rows = count
  return size
}

function roomFor(bytes: number, into: Buffer | undefined): Buffer {
  if (into !== undefined && bytes <= into.length && (into.length <= keptBytes || bytes > keptBytes))
    return into
  return Buffer.allocUnsafeSlow(Math.max(bytes, messageBytes + messageBytes / 2))
}

/** Says where each row begins, and writes there how many fields it has, where the format says so. */
function place(block: Block, memory: Buffer, fields: number | undefined): void {
  if (block.out !== memory) {
    block.out = memory
    block.view = viewOf(memory)
  }
  let at = frameBytes
  for (let row = 0; row < block.rows; row++) {
    block.at[row] = at
    if (fields !== undefined) {
      block.view.setInt16(at, fields)
      block.at[row] = at + countBytes
    }
    at += block.sizes[row] as number
  }
}
