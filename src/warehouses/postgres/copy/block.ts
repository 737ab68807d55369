import type { ColumnBuffer } from "../../../replication/values/columns.ts"

/** So many rows at most are encoded at once: with them the buffers stay in the processor's caches. */
export const blockRows = 512

/**
 * Some rows of a row buffer on their way into COPY. The buffer is by column, what COPY reads by row: first every
 * column says how long its fields are, then each row's place is known, then every column writes its fields.
 */
export interface Block {
  /** Index in the row buffer. */
  first: number
  rows: number
  /** Bytes of each row. */
  sizes: Int32Array
  /** Where the next field of each row goes. */
  at: Int32Array
  out: Buffer<ArrayBuffer>
  /** Of `out`. */
  view: DataView
}

/** What one column does for a block. Columns of one buffer are passed in their order, block after block. */
export interface FieldWriter {
  /** A new row buffer begins. */
  begin(): void
  /** Adds to `sizes` what the column's fields take. */
  measure(block: Block, column: ColumnBuffer): void
  /** Writes the fields of rows that were measured, perhaps fewer than those, and goes on behind them next time. */
  write(block: Block, column: ColumnBuffer): void
}

/** Encoded values of a column, one after another, with their lengths; -1: null. */
export interface Scratch {
  bytes: Buffer
  view: DataView
  used: number
  lengths: Int32Array
}

const firstScratchBytes = 4096

export function newScratch(): Scratch {
  const bytes = Buffer.allocUnsafeSlow(firstScratchBytes)
  return { bytes, view: viewOf(bytes), used: 0, lengths: new Int32Array(blockRows) }
}

/** Makes room for `count` more bytes. */
export function extend(scratch: Scratch, count: number): void {
  const needed = scratch.used + count
  if (needed <= scratch.bytes.length) return
  const bytes = Buffer.allocUnsafeSlow(Math.max(needed, scratch.bytes.length * 2))
  scratch.bytes.copy(bytes, 0, 0, scratch.used)
  scratch.bytes = bytes
  scratch.view = viewOf(bytes)
}

export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

// Below this length a plain loop beats the call into native code.
const shortCopyBytes = 48

export function copyInto(out: Buffer, at: number, from: Buffer, start: number, end: number): void {
  if (end - start >= shortCopyBytes) from.copy(out, at, start, end)
  else for (let i = start, to = at; i < end; i++, to++) out[to] = from[i] as number
}
