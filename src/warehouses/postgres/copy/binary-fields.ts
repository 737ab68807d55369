/** Fields of binary COPY: four bytes of length, big-endian, -1 for null, then the value as the type's receive function reads it. */
import { unreachable } from "../../../domain/unreachable.ts"
import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import type { ColumnBuffer } from "../../../replication/values/columns.ts"
import { baseName, nativeType } from "../types/native-type.ts"
import { type Block, copyInto, type FieldWriter } from "./block.ts"
import type { CopyColumn } from "./copy-encoder.ts"
import { decimalField, numericTextField } from "./numeric-field.ts"

export function binaryField(column: CopyColumn): FieldWriter {
  const { type } = column
  const native = baseName(nativeType(column))
  switch (type.kind) {
    case "boolean":
      return fixedField(1, writeBooleans)
    case "int16":
      return fixedField(2, writeInt16s)
    case "int32":
    case "float32":
      return fixedField(4, writeFours)
    case "date":
      return fixedField(4, writeDates)
    case "int64":
      return native === "bigint" ? fixedField(8, writeEights) : fixedField(4, writeUint32s)
    case "float64":
      return fixedField(8, writeEights)
    case "timestamp":
    case "timestamptz":
      return fixedField(8, writeTimestamps)
    case "uuid":
      return fixedField(16, writeUuids)
    case "decimal":
      return decimalField(type, native)
    case "text":
      if (native === "numeric") return numericTextField()
      return column.native === undefined ? bytesField(0, refuseZeroBytes) : bytesField(0)
    case "json":
      return bytesField(native === "jsonb" ? 1 : 0)
    case "bytes":
      return bytesField(0)
    default:
      return unreachable(type)
  }
}

// PostgreSQL counts from 2000-01-01, we from 1970-01-01.
const epochDays = 10_957
const epochMicros = 946_684_800_000_000n
const epochHigh = Number(epochMicros >> 32n)
const epochLow = Number(epochMicros & 0xffff_ffffn)
const lengthBytes = 4

/** Writes the fields of a block whose first value begins at `start` of the packed bytes; answers where the next one does. */
type WriteFields = (block: Block, column: ColumnBuffer, start: number) => number

/** Values of `width` bytes each in the message. */
function fixedField(width: number, writeFields: WriteFields): FieldWriter {
  let next = 0
  return {
    begin() {
      next = 0
    },
    measure: (block, column) => measureFixed(block, column, width),
    write(block, column) {
      next = writeFields(block, column, next)
    },
  }
}

function measureFixed(
  { sizes, first, rows }: Block,
  { nulls, nullCount }: ColumnBuffer,
  width: number,
): void {
  const present = lengthBytes + width
  if (nullCount === 0) for (let row = 0; row < rows; row++) sizes[row] = (sizes[row] as number) + present
  else
    for (let row = 0; row < rows; row++)
      sizes[row] = (sizes[row] as number) + (nulls[first + row] === 1 ? lengthBytes : present)
}

/** Whether the row's value is null; then its field is written. */
function tookNull(block: Block, column: ColumnBuffer, row: number): boolean {
  if (column.nulls[block.first + row] !== 1) return false
  const to = block.at[row] as number
  block.view.setInt32(to, -1)
  block.at[row] = to + lengthBytes
  return true
}

/** Writes the length of a value, and answers where the value goes. */
function beginValue({ at, view }: Block, row: number, length: number): number {
  const to = at[row] as number
  view.setInt32(to, length)
  at[row] = to + lengthBytes + length
  return to + lengthBytes
}

const writeBooleans: WriteFields = (block, column, start) => {
  let next = start
  for (let row = 0; row < block.rows; row++) {
    if (tookNull(block, column, row)) continue
    block.out[beginValue(block, row, 1)] = column.bytes[next++] as number
  }
  return next
}

const writeInt16s: WriteFields = (block, column, start) => {
  let next = start
  for (let row = 0; row < block.rows; row++) {
    if (tookNull(block, column, row)) continue
    block.view.setInt16(beginValue(block, row, 2), column.view.getInt32(next, true))
    next += 4
  }
  return next
}

const writeFours: WriteFields = (block, column, start) => {
  let next = start
  for (let row = 0; row < block.rows; row++) {
    if (tookNull(block, column, row)) continue
    block.view.setInt32(beginValue(block, row, 4), column.view.getInt32(next, true))
    next += 4
  }
  return next
}

const writeEights: WriteFields = (block, column, start) => {
  let next = start
  for (let row = 0; row < block.rows; row++) {
    if (tookNull(block, column, row)) continue
    const to = beginValue(block, row, 8)
    block.view.setInt32(to, column.view.getInt32(next + 4, true))
    block.view.setInt32(to + 4, column.view.getInt32(next, true))
    next += 8
  }
  return next
}

/** oid and its like: 64 bits packed, 32 in the message. */
const writeUint32s: WriteFields = (block, column, start) => {
  let next = start
  for (let row = 0; row < block.rows; row++) {
    if (tookNull(block, column, row)) continue
    block.view.setInt32(beginValue(block, row, 4), column.view.getInt32(next, true))
    next += 8
  }
  return next
}

const infiniteDays = 2_147_483_647

const writeDates: WriteFields = (block, column, start) => {
  let next = start
  for (let row = 0; row < block.rows; row++) {
    if (tookNull(block, column, row)) continue
    const days = column.view.getInt32(next, true)
    const to = beginValue(block, row, 4)
    if (days === infiniteDays) block.view.setInt32(to, infiniteDays)
    else if (days === -infiniteDays) block.view.setInt32(to, -infiniteDays - 1)
    else block.view.setInt32(to, days - epochDays)
    next += 4
  }
  return next
}

const writeTimestamps: WriteFields = (block, column, start) => {
  let next = start
  for (let row = 0; row < block.rows; row++) {
    if (tookNull(block, column, row)) continue
    const low = column.view.getUint32(next, true)
    const high = column.view.getInt32(next + 4, true)
    putTimestamp(block.view, beginValue(block, row, 8), high, low)
    next += 8
  }
  return next
}

/** The infinities are the largest value and that value negated here, the largest and the smallest there. */
function putTimestamp(view: DataView, to: number, high: number, low: number): void {
  const isInfinite = high === 0x7fff_ffff && low === 0xffff_ffff
  const isMinusInfinite = high === -0x8000_0000 && low === 1
  if (isInfinite || isMinusInfinite) {
    view.setInt32(to, high)
    view.setUint32(to + 4, isInfinite ? low : 0)
    return
  }
  const difference = low - epochLow
  view.setInt32(to, high - epochHigh - (difference < 0 ? 1 : 0))
  view.setInt32(to + 4, difference | 0)
}

const writeUuids: WriteFields = (block, column, start) => {
  let next = start
  for (let row = 0; row < block.rows; row++) {
    if (tookNull(block, column, row)) continue
    copyInto(block.out, beginValue(block, row, 16), column.bytes, next, next + 16)
    next += 16
  }
  return next
}

/** Looks at the values that are packed, and throws UnrepresentableValue where one cannot be held. */
type Refuse = (from: Buffer, start: number, end: number) => void

/** No text of PostgreSQL's has one; what comes from there needs no look. */
const refuseZeroBytes: Refuse = (from, start, end) => {
  if (hasZero(from, start, end)) throw new UnrepresentableValue("text with a zero byte")
}

/** Below this length a plain loop beats the call into native code. */
const shortBytes = 48

function hasZero(from: Buffer, start: number, end: number): boolean {
  if (end - start >= shortBytes) return from.subarray(start, end).includes(0)
  for (let at = start; at < end; at++) if (from[at] === 0) return true
  return false
}

/** Text, json and bytes. `versionBytes` of 1 go before the value: jsonb's version, which is 1. */
function bytesField(versionBytes: 0 | 1, refuse?: Refuse): FieldWriter {
  let next = 0
  return {
    begin() {
      next = 0
    },
    measure({ sizes, first, rows }, { nulls, view }) {
      let from = next
      for (let row = 0; row < rows; row++) {
        let size = lengthBytes
        if (nulls[first + row] !== 1) {
          const length = view.getUint32(from, true)
          from += 4 + length
          size += versionBytes + length
        }
        sizes[row] = (sizes[row] as number) + size
      }
    },
    write(block, column) {
      let from = next
      for (let row = 0; row < block.rows; row++) {
        if (tookNull(block, column, row)) continue
        const start = from + 4
        from = start + column.view.getUint32(from, true)
        if (refuse !== undefined) refuse(column.bytes, start, from)
        const to = beginValue(block, row, versionBytes + from - start)
        if (versionBytes === 1) block.out[to] = 1
        copyInto(block.out, to + versionBytes, column.bytes, start, from)
      }
      next = from
    },
  }
}
