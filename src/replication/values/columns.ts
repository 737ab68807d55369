import type { ColumnType } from "../../domain/table.ts"

/**
 * Rows on their way, held by column and packed, so that the hot path makes no object per row. Values follow one
 * another without gaps and a null takes no room, little-endian:
 * - boolean 1 byte; int16, int32, date (days since 1970-01-01) and float32 4 bytes;
 * - int64, timestamp and timestamptz (microseconds since 1970-01-01 UTC) and float64 8 bytes;
 * - decimal of up to 18 digits: its unscaled value in 8 bytes; wider: 16 bytes, two's complement, big-endian;
 * - uuid 16 bytes as printed; text, json (UTF-8) and bytes: length in 4 bytes, then the bytes.
 */
export interface ColumnBuffer {
  readonly type: ColumnType
  bytes: Buffer
  /** Reads and writes `bytes`; replaced together with it. */
  view: DataView
  usedBytes: number
  /** 1 where the row is null; as long as the row buffer's capacity. */
  nulls: Uint8Array
  nullCount: number
  /** Where the variable-length value written last begins (text, json, bytes). */
  lastStart: number
}

export interface RowBuffer {
  columns: ColumnBuffer[]
  rows: number
  /** Rows that `nulls` has room for; grows by doubling. */
  capacity: number
}

const firstCapacityRows = 64
const firstColumnBytes = 1024

export function newRowBuffer(types: ColumnType[]): RowBuffer {
  return { columns: types.map(newColumn), rows: 0, capacity: firstCapacityRows }
}

function newColumn(type: ColumnType): ColumnBuffer {
  const bytes = Buffer.allocUnsafeSlow(firstColumnBytes)
  return {
    type,
    bytes,
    view: viewOf(bytes),
    usedBytes: 0,
    nulls: new Uint8Array(firstCapacityRows),
    nullCount: 0,
    lastStart: 0,
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Empties the buffer and keeps its memory for the next rows. */
export function resetRows(buffer: RowBuffer): void {
  for (const column of buffer.columns) {
    column.usedBytes = 0
    if (column.nullCount > 0) column.nulls.fill(0)
    column.nullCount = 0
  }
  buffer.rows = 0
}

/** Counts the row just written, and makes room for the marks of the next. */
export function endRow(buffer: RowBuffer): void {
  if (++buffer.rows < buffer.capacity) return
  buffer.capacity *= 2
  for (const column of buffer.columns) {
    const nulls = new Uint8Array(buffer.capacity)
    nulls.set(column.nulls)
    column.nulls = nulls
  }
}

/** Bytes of values held (not counting spare room). */
export function bufferedBytes(buffer: RowBuffer): number {
  let bytes = 0
  for (const column of buffer.columns) bytes += column.usedBytes
  return bytes
}

/** Bytes of memory held, spare room included. */
export function allocatedBytes(buffer: RowBuffer): number {
  let bytes = 0
  for (const column of buffer.columns) bytes += column.bytes.length + column.nulls.length
  return bytes
}

/** Makes room for `count` more bytes. */
export function reserve(column: ColumnBuffer, count: number): void {
  const needed = column.usedBytes + count
  if (needed <= column.bytes.length) return
  const bytes = Buffer.allocUnsafeSlow(Math.max(needed, column.bytes.length * 2))
  column.bytes.copy(bytes, 0, 0, column.usedBytes)
  column.bytes = bytes
  column.view = viewOf(bytes)
}

export function putNull(column: ColumnBuffer, row: number): void {
  column.nulls[row] = 1
  column.nullCount++
}

export function putBoolean(column: ColumnBuffer, value: boolean): void {
  reserve(column, 1)
  column.bytes[column.usedBytes++] = value ? 1 : 0
}

export function putInt32(column: ColumnBuffer, value: number): void {
  reserve(column, 4)
  column.view.setInt32(column.usedBytes, value, true)
  column.usedBytes += 4
}

/** `value` must be a safe integer; beyond that use `putInt64`. */
export function putSafeInteger(column: ColumnBuffer, value: number): void {
  reserve(column, 8)
  const high = Math.floor(value / 4294967296)
  column.view.setInt32(column.usedBytes + 4, high, true)
  column.view.setUint32(column.usedBytes, value - high * 4294967296, true)
  column.usedBytes += 8
}

export function putInt64(column: ColumnBuffer, value: bigint): void {
  reserve(column, 8)
  column.view.setBigInt64(column.usedBytes, value, true)
  column.usedBytes += 8
}

/** The 16-byte form of wide decimals: two's complement, big-endian. */
export function putInt128(column: ColumnBuffer, value: bigint): void {
  reserve(column, 16)
  column.view.setBigInt64(column.usedBytes, value >> 64n, false)
  column.view.setBigUint64(column.usedBytes + 8, value & 0xffffffffffffffffn, false)
  column.usedBytes += 16
}

export function putFloat32(column: ColumnBuffer, value: number): void {
  reserve(column, 4)
  column.view.setFloat32(column.usedBytes, value, true)
  column.usedBytes += 4
}

export function putFloat64(column: ColumnBuffer, value: number): void {
  reserve(column, 8)
  column.view.setFloat64(column.usedBytes, value, true)
  column.usedBytes += 8
}

// Below this length a plain loop beats the call into native code.
const shortCopyBytes = 48

/** Text, json and bytes: copies `from[start, end)` behind its length. */
export function putBytes(column: ColumnBuffer, from: Buffer, start: number, end: number): void {
  const length = end - start
  reserve(column, length + 4)
  const { bytes } = column
  let at = column.usedBytes
  column.lastStart = at
  column.view.setUint32(at, length, true)
  at += 4
  if (length < shortCopyBytes) for (let i = start; i < end; i++) bytes[at++] = from[i] as number
  else from.copy(bytes, at, start, end)
  column.usedBytes += length + 4
}

export function putText(column: ColumnBuffer, text: string): void {
  const length = Buffer.byteLength(text)
  reserve(column, length + 4)
  column.lastStart = column.usedBytes
  column.view.setUint32(column.usedBytes, length, true)
  column.bytes.write(text, column.usedBytes + 4)
  column.usedBytes += length + 4
}

/** Whether a decimal travels in 8 bytes (else 16). */
export function isNarrowDecimal(type: { precision: number }): boolean {
  return type.precision <= 18
}
