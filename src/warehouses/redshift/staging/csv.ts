import type { ColumnType } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { inColumn, UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import {
  bufferedBytes,
  type ColumnBuffer,
  isNarrowDecimal,
  type RowBuffer,
} from "../../../replication/values/columns.ts"
import { dateOfDays } from "../../../replication/values/days.ts"
import { integerText, pointed, readWide } from "../../../replication/values/number-texts.ts"
import { longestBinaryBytes, longestTextBytes } from "../types/column-type.ts"

/**
 * Packed rows as the CSV that COPY reads. A text stands in quotes; a null is `nullText`, without quotes, which no value is: whether
 * COPY compares a quoted field with it need not be known then.
 */
export interface CsvForm {
  nullText: string
  /** Indexes of columns of text whose values are cut where they are too long; those of others are refused. */
  cut?: ReadonlySet<number>
}

/** COPY takes no longer row. (Source: Redshift's documentation, "COPY", 4 MB.) */
const longestRowBytes = 4 * 2 ** 20

const quote = 0x22
const comma = 0x2c
const newline = 0x0a

/** What is written, with room behind it. */
interface Out {
  bytes: Buffer
  used: number
}

/** Writes the value that begins at `at` of the packed bytes; answers where the next one begins. */
type PutValue = (out: Out, column: ColumnBuffer, at: number) => number

/**
 * All rows as CSV without a header. The row buffer may be used again afterwards.
 * @throws UnrepresentableValue, its column said, for one that the column's type does not hold, or a row that is too long
 */
export function csvOf(types: readonly ColumnType[], rows: RowBuffer, { nullText, cut }: CsvForm): Buffer {
  const out: Out = { bytes: Buffer.allocUnsafe(Math.ceil(bufferedBytes(rows) * 1.5) + 1024), used: 0 }
  const puts = types.map((type, index) => (cut?.has(index) ? putCut : putterOf(type)))
  const places = new Array<number>(types.length).fill(0)
  for (let row = 0; row < rows.rows; row++) {
    const start = out.used
    for (let index = 0; index < puts.length; index++) {
      if (index > 0) putByte(out, comma)
      const column = rows.columns[index] as ColumnBuffer
      if (column.nulls[row] === 1) putAscii(out, nullText)
      else
        places[index] = putOne(puts[index] as PutValue, { out, column, at: places[index] as number, index })
    }
    putByte(out, newline)
    if (out.used - start > longestRowBytes) throw tooLong(rows, row)
  }
  return out.bytes.subarray(0, out.used)
}

interface Putting {
  out: Out
  column: ColumnBuffer
  at: number
  index: number
}

function putOne(put: PutValue, { out, column, at, index }: Putting): number {
  try {
    return put(out, column, at)
  } catch (error) {
    throw inColumn(error, index)
  }
}

/** Blames the first column that can be long. */
function tooLong({ columns }: RowBuffer, row: number): unknown {
  const index = columns.findIndex(
    ({ type, nulls }) => ["text", "json", "bytes"].includes(type.kind) && nulls[row] !== 1,
  )
  return inColumn(
    new UnrepresentableValue(`a part in a row of more than ${longestRowBytes} bytes`),
    Math.max(index, 0),
  )
}

function putterOf(type: ColumnType): PutValue {
  switch (type.kind) {
    case "boolean":
      return (out, { bytes }, at) => putText(out, bytes[at] === 0 ? "f" : "t", at + 1)
    case "int16":
    case "int32":
      return (out, { view }, at) => putText(out, String(view.getInt32(at, true)), at + 4)
    case "int64":
      return (out, { view }, at) => putText(out, integerText(view, at), at + 8)
    case "float32":
      return (out, { view }, at) => putText(out, floatText(view.getFloat32(at, true)), at + 4)
    case "float64":
      return (out, { view }, at) => putText(out, floatText(view.getFloat64(at, true)), at + 8)
    case "decimal":
      return isNarrowDecimal(type)
        ? (out, { view }, at) => putText(out, pointed(integerText(view, at), type.scale), at + 8)
        : (out, { view }, at) => putText(out, pointed(String(readWide(view, at)), type.scale), at + 16)
    case "date":
      return (out, { view }, at) => putText(out, dateText(view.getInt32(at, true)), at + 4)
    case "timestamp":
      return (out, { view }, at) => putText(out, timestampText(view.getBigInt64(at, true)), at + 8)
    case "timestamptz":
      return (out, { view }, at) => putText(out, `${timestampText(view.getBigInt64(at, true))}+00`, at + 8)
    case "uuid":
      return (out, { bytes }, at) => putText(out, uuidText(bytes, at), at + 16)
    case "text":
      return (out, column, at) => putQuoted(out, column, at, longestTextBytes)
    case "json":
      return (out, column, at) => putQuoted(out, column, at, longestBinaryBytes)
    case "bytes":
      return putHex
    default:
      return unreachable(type)
  }
}

function extend(out: Out, count: number): void {
  const needed = out.used + count
  if (needed <= out.bytes.length) return
  const larger = Buffer.allocUnsafe(Math.max(needed, out.bytes.length * 2))
  out.bytes.copy(larger, 0, 0, out.used)
  out.bytes = larger
}

function putByte(out: Out, byte: number): void {
  extend(out, 1)
  out.bytes[out.used++] = byte
}

function putAscii(out: Out, text: string): void {
  extend(out, text.length)
  out.used += out.bytes.write(text, out.used, "latin1")
}

/** ASCII, and nothing to quote; answers `next`. */
function putText(out: Out, text: string, next: number): number {
  putAscii(out, text)
  return next
}

function putQuoted(out: Out, { bytes, view }: ColumnBuffer, at: number, atMost: number): number {
  const start = at + 4
  const end = start + view.getUint32(at, true)
  if (end - start > atMost) throw new UnrepresentableValue(`a value of more than ${atMost} bytes`)
  putBytes(out, bytes, { start, end })
  return end
}

function putBytes(out: Out, bytes: Buffer, { start, end }: { start: number; end: number }): void {
  extend(out, (end - start) * 2 + 2)
  const to = out.bytes
  let used = out.used
  to[used++] = quote
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (byte === 0) throw new UnrepresentableValue("a text with a zero byte")
    if (byte === quote) to[used++] = quote
    to[used++] = byte
  }
  to[used++] = quote
  out.used = used
}

const isContinuation = (byte: number | undefined) => ((byte ?? 0) & 0xc0) === 0x80

/** As putQuoted; of a text that is too long, what fits, at a character's end. */
function putCut(out: Out, { bytes, view }: ColumnBuffer, at: number): number {
  const start = at + 4
  const end = start + view.getUint32(at, true)
  let kept = Math.min(end, start + longestTextBytes)
  while (kept < end && isContinuation(bytes[kept])) kept--
  putBytes(out, bytes, { start, end: kept })
  return end
}

function putHex(out: Out, { bytes, view }: ColumnBuffer, at: number): number {
  const start = at + 4
  const end = start + view.getUint32(at, true)
  if (end - start > longestBinaryBytes)
    throw new UnrepresentableValue(`a value of more than ${longestBinaryBytes} bytes`)
  // Without quotes an empty field would be a null of a type other than text.
  return putText(out, `"${bytes.toString("hex", start, end)}"`, end)
}

/** The shortest text that is read as the same bits. */
function floatText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value)
}

function uuidText(bytes: Buffer, at: number): string {
  const hex = bytes.toString("hex", at, at + 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const dayMicros = 86_400_000_000n
/** Of years 1 and 10,000. (Source: the cloud's table of data types: no infinity, nothing before Christ or after 9999.) */
const firstDay = -719_162
const pastLastDay = 2_932_897

function dateText(days: number): string {
  if (days < firstDay || days >= pastLastDay)
    throw new UnrepresentableValue("a date before the year 1, after the year 9999, or infinite")
  const { year, month, day } = dateOfDays(days)
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`
}

function timestampText(micros: bigint): string {
  let days = micros / dayMicros
  let ofDay = Number(micros % dayMicros)
  if (ofDay < 0) {
    ofDay += Number(dayMicros)
    days--
  }
  const seconds = Math.floor(ofDay / 1_000_000)
  const time = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${dateText(Number(days))} ${time}.${String(ofDay % 1_000_000).padStart(6, "0")}`
}

const two = (value: number) => (value < 10 ? `0${value}` : String(value))
