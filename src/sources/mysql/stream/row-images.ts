import { Problem } from "../../../domain/problems.ts"
import type { RowKind, TableSink } from "../../../replication/contracts/change-sink.ts"
import { inColumn } from "../../../replication/contracts/unrepresentable-value.ts"
import { putNull, putText } from "../../../replication/values/columns.ts"
import { json } from "../types/decode-binlog.ts"
import type { Field } from "../types/fields.ts"
import { binaryJson } from "../types/json-binary.ts"
import { patchedText } from "../types/json-patch.ts"
import { uint16 } from "../types/numbers.ts"
import { readLength } from "./table-map.ts"

/** Where the values of one row lie. Reused from row to row. */
export interface Image {
  /** -1: null. */
  starts: Int32Array
  ends: Int32Array
}

/** Both servers allow no more. */
const maxColumns = 4096

export function newImage(): Image {
  return { starts: new Int32Array(maxColumns), ends: new Int32Array(maxColumns) }
}

/** Room for the rows of an update. */
export interface Images {
  before: Image
  after: Image
}

/** The rows of one event, and where they go. */
export interface EventRows {
  bytes: Buffer
  /** Of the event, or of what it was inflated to. */
  end: number
  sink: TableSink
  /** In the order of the log. */
  fields: readonly Field[]
  /** Indexes of the key's columns in the table; `undefined`: no key. */
  key: readonly number[] | undefined
  /** Where in `fields` these are. */
  keyPlaces: readonly number[] | undefined
}

/** Where the key's columns lie among the fields. */
export function keyPlacesOf(
  fields: readonly Field[],
  key: readonly number[] | undefined,
): readonly number[] | undefined {
  return key?.map((column) => fields.findIndex((field) => field.column === column))
}

/** Where an event's rows begin, behind its header and its columns. */
export interface RowsAt {
  at: number
  isComplete: boolean
}

/** Reads the count of columns and which of them are present: of both images where it is an update. */
export function readPresence(bytes: Buffer, start: number, columns: number, images: 1 | 2): RowsAt {
  const cursor = { at: start }
  const count = readLength(bytes, cursor)
  const size = (count + 7) >> 3
  let isComplete = count === columns
  for (let column = 0; isComplete && column < count * images; column++) {
    const index = column % count
    const place = cursor.at + (column < count ? 0 : size) + (index >> 3)
    isComplete = (((bytes[place] as number) >> (index & 7)) & 1) === 1
  }
  return { at: cursor.at + size * images, isComplete }
}

function isNull(bytes: Buffer, start: number, index: number): boolean {
  return (((bytes[start + (index >> 3)] as number) >> (index & 7)) & 1) === 1
}

function lengthOf({ fixed, prefix }: Field, bytes: Buffer, at: number): number {
  switch (prefix) {
    case 0:
      return fixed
    case 1:
      return bytes[at] as number
    case 2:
      return uint16(bytes, at)
    default:
      return bytes.readUIntLE(at, prefix)
  }
}

/** Notes where the first `count` values of the image at `start` lie. Returns where they end. */
function locate({ bytes, end, fields }: EventRows, start: number, count: number, image: Image): number {
  let at = start + ((fields.length + 7) >> 3)
  for (let i = 0; i < count; i++) {
    if (isNull(bytes, start, i)) {
      image.starts[i] = -1
      continue
    }
    const field = fields[i] as Field
    const length = lengthOf(field, bytes, at)
    at += field.prefix
    image.starts[i] = at
    at += length
    image.ends[i] = at
  }
  if (at > end) throw notWhole()
  return at
}

function notWhole(): Problem {
  return new Problem("sourceProtocol", "The source's log holds a row that its event does not hold whole.")
}

/** `start`: where the first row begins. */
export function insertRows(rows: EventRows, start: number): void {
  for (let at = start; at < rows.end; ) at = put(rows, at, "insert")
}

export function deleteRows(rows: EventRows, start: number): void {
  for (let at = start; at < rows.end; ) at = put(rows, at, "delete")
}

export function updateRows(rows: EventRows, start: number, images: Images): void {
  const { end, fields, keyPlaces } = rows
  const { before, after } = images
  // The key mostly comes first: what lies behind it need not be looked at to compare it.
  const compared = keyPlaces === undefined ? 0 : Math.max(...keyPlaces) + 1
  for (let at = start; at < end; ) {
    const second = locate(rows, at, fields.length, before)
    locate(rows, second, compared, after)
    if (!isSameKey(rows, images)) put(rows, at, "delete")
    at = put(rows, second, "update")
  }
}

/** As `updateRows`, where the second image may hold changes of JSON values instead of the values. */
export function partialUpdateRows(rows: EventRows, start: number, images: Images): void {
  const { bytes, end, fields } = rows
  for (let at = start; at < end; ) {
    const cursor = { at: locate(rows, at, fields.length, images.before) }
    const hasPartial = (readLength(bytes, cursor) & partialJson) !== 0
    const jsons = fields.flatMap(({ put }, index) => (put === json ? [index] : []))
    const partialAt = cursor.at
    if (hasPartial) cursor.at += (jsons.length + 7) >> 3
    locate(rows, cursor.at, fields.length, images.after)
    const texts = new Map<number, string>()
    for (const [bit, index] of jsons.entries())
      if (hasPartial && isNull(bytes, partialAt, bit)) texts.set(index, patched(bytes, index, images))
    if (!isSameKey(rows, images)) put(rows, at, "delete")
    at = put(rows, cursor.at, "update", texts)
  }
}

/** The bit that says that partial updates follow. */
const partialJson = 1

/** A change that cannot be told from the log: the table is to be looked at anew. Nothing of the row has been written. */
export class UntoldChange extends Error {}

function patched(bytes: Buffer, index: number, { before, after }: Images): string {
  const [start, end] = [before.starts[index] as number, before.ends[index] as number]
  const [from, to] = [after.starts[index] as number, after.ends[index] as number]
  const text = start < 0 || from < 0 ? undefined : patchedText(binaryJson(bytes, start, end), bytes, from, to)
  if (text === undefined)
    throw new UntoldChange("a part of a JSON value changed that its old value does not have")
  return text
}

/** Without a key a row is told by all it holds, so that every update is a delete and an insert. */
function isSameKey({ bytes, keyPlaces }: EventRows, { before, after }: Images): boolean {
  if (keyPlaces === undefined) return false
  for (const index of keyPlaces) {
    const [start, end] = [before.starts[index] as number, before.ends[index] as number]
    const [otherStart, otherEnd] = [after.starts[index] as number, after.ends[index] as number]
    if (end - start !== otherEnd - otherStart) return false
    for (let i = 0; i < end - start; i++) if (bytes[start + i] !== bytes[otherStart + i]) return false
  }
  return true
}

/**
 * Writes the row whose image begins at `start`: of a deleted one only the key, where there is one. Returns where the image
 * ends. `texts`: of values that are not in it whole, by field.
 */
function put(
  { bytes, end, sink, fields, key }: EventRows,
  start: number,
  kind: RowKind,
  texts?: ReadonlyMap<number, string>,
): number {
  const only = kind === "delete" ? key : undefined
  const { columns, row } = sink
  let at = start + ((fields.length + 7) >> 3)
  let index = 0
  try {
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i] as Field
      index = field.column
      const column = columns[index]
      if (isNull(bytes, start, i)) {
        if (column !== undefined) putNull(column, row)
        continue
      }
      const valueAt = at + field.prefix
      const valueEnd = valueAt + lengthOf(field, bytes, at)
      if (valueEnd > end) throw notWhole()
      at = valueEnd
      // A hidden column has no place to go to.
      if (column === undefined) continue
      if (only !== undefined && !only.includes(index)) putNull(column, row)
      else {
        const text = texts?.get(i)
        if (text === undefined) field.put(column, bytes, valueAt, valueEnd)
        else putText(column, text)
      }
    }
  } catch (error) {
    throw inColumn(error, index)
  }
  sink.end(kind)
  return at
}
