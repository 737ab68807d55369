import type { Column } from "../../../domain/table.ts"
import { inColumn } from "../../../replication/contracts/unrepresentable-value.ts"
import { bufferedBytes, type ColumnBuffer, type RowBuffer } from "../../../replication/values/columns.ts"
import { isReadAsText } from "../types/native-type.ts"
import { binaryField } from "./binary-fields.ts"
import { type Block, blockRows, type FieldWriter, viewOf } from "./block.ts"
import { textField } from "./text-fields.ts"

/** A column of the table that COPY fills: what travels, and the type it has there. */
export type CopyColumn = Pick<Column, "type" | "native">

/** How COPY is to read rows with these columns, and what goes before and behind all of them. */
export interface CopyForm {
  /** The FORMAT that the COPY statement must name. */
  readonly format: "binary" | "text"
  readonly header: Buffer
  readonly trailer: Buffer
}

/** "PGCOPY\n\377\r\n\0", no flags, no extension of the header. (Source: PostgreSQL's documentation of COPY.) */
export const binaryHeader = Buffer.from("5047434f50590aff0d0a000000000000000000", "hex")
export const binaryTrailer = Buffer.from("ffff", "hex")
const binaryForm: CopyForm = { format: "binary", header: binaryHeader, trailer: binaryTrailer }
const textForm: CopyForm = { format: "text", header: Buffer.alloc(0), trailer: Buffer.alloc(0) }

export function copyForm(columns: readonly CopyColumn[]): CopyForm {
  return columns.some(isReadAsText) ? textForm : binaryForm
}

/**
 * All rows in the form that `copyForm` says, without header and trailer, so that the rows of several buffers can follow one
 * another. The memory is the caller's: the row buffer may be used again.
 * @throws UnrepresentableValue, its column said, for text with a zero byte: no type of the server's holds it
 */
export function copyTuples(columns: readonly CopyColumn[], rows: RowBuffer): Buffer {
  return newCopyEncoder(columns).encode(rows)
}

/** Turns row buffers of one table into what COPY reads, without an object per row or value. */
export interface CopyEncoder {
  readonly form: CopyForm
  /**
   * As `copyTuples`. The answer is a part of `into` where that has room, otherwise of new memory: who has sent an answer may give
   * its memory again.
   */
  encode(rows: RowBuffer, into?: ArrayBuffer): Buffer<ArrayBuffer>
}

export function newCopyEncoder(columns: readonly CopyColumn[]): CopyEncoder {
  const form = copyForm(columns)
  const isBinary = form.format === "binary"
  const writers = columns.map((column, index) =>
    isBinary ? binaryField(column) : textField(column, { isLast: index === columns.length - 1 }),
  )
  const block = newBlock()
  const head = isBinary ? { bytes: countBytes, fields: columns.length } : { bytes: 0, fields: 0 }
  return {
    form,
    encode(rows, into = newMemory(estimatedBytes(rows))) {
      takeMemory(block, into)
      let used = 0
      for (const writer of writers) writer.begin()
      for (block.first = 0; block.first < rows.rows; block.first += block.rows) {
        const size = measured(block, { rows, writers, rowBytes: head.bytes })
        grow(block, used, used + size)
        place(block, used, head)
        writeFields(block, rows, writers)
        used += size
      }
      return block.out.subarray(0, used)
    },
  }
}

function writeFields(block: Block, { columns }: RowBuffer, writers: readonly FieldWriter[]): void {
  for (const [index, writer] of writers.entries()) {
    try {
      writer.write(block, columns[index] as ColumnBuffer)
    } catch (error) {
      throw inColumn(error, index)
    }
  }
}

/** Rows of a block are so many that they have about this many bytes, or one row. */
const blockBytes = 2 ** 18

/** A guess that is seldom too small. */
function estimatedBytes(rows: RowBuffer): number {
  return Math.ceil((bufferedBytes(rows) + rows.rows * (countBytes + rows.columns.length * 5)) * 1.1)
}

const countBytes = 2

/** Not filled with zeros, as `new ArrayBuffer` is: all of it that counts is written. */
function newMemory(bytes: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(bytes).buffer
}

function newBlock(): Block {
  const out = Buffer.alloc(0)
  const [sizes, at] = [new Int32Array(blockRows), new Int32Array(blockRows)]
  return { first: 0, rows: 0, sizes, at, out, view: viewOf(out) }
}

function takeMemory(block: Block, memory: ArrayBuffer): void {
  block.out = Buffer.from(memory)
  block.view = viewOf(block.out)
}

/** Makes the memory, of which `used` bytes are written, as long as `needed` at the least. */
function grow(block: Block, used: number, needed: number): void {
  if (needed <= block.out.length) return
  const larger = newMemory(Math.max(needed, Math.ceil(block.out.length * 1.5)))
  Buffer.from(larger).set(block.out.subarray(0, used))
  takeMemory(block, larger)
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
  while (count < block.rows && (count === 0 || size < blockBytes)) size += block.sizes[count++] as number
  block.rows = count
  return size
}

/** Says where each row begins, and writes there how many fields it has, where the form says so. */
function place(block: Block, start: number, { bytes, fields }: { bytes: number; fields: number }): void {
  let at = start
  for (let row = 0; row < block.rows; row++) {
    if (bytes > 0) block.view.setInt16(at, fields)
    block.at[row] = at + bytes
    at += block.sizes[row] as number
  }
}
