import { Problem } from "../../domain/problems.ts"
import type { RowKind, TableSink } from "../../replication/change-sink.ts"
import { type ColumnBuffer, putNull } from "../../replication/columns.ts"
import { inColumn } from "../../replication/unfit.ts"
import type { Field } from "./fields.ts"
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

/** Which columns of a row a kind of change writes; the rest is null. */
type Written = readonly number[] | undefined

export interface RowTarget {
  sink: TableSink
  fields: readonly Field[]
  /** Indexes of the key's columns; `undefined`: no key. */
  key: readonly number[] | undefined
}

/** The rows of an event behind its header and its columns. */
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

/** Returns where the image ends, in an event up to `end`. */
function readImage(
  bytes: Buffer,
  start: number,
  end: number,
  fields: readonly Field[],
  image: Image,
): number {
  let at = start + ((fields.length + 7) >> 3)
  for (let i = 0; i < fields.length; i++) {
    if ((((bytes[start + (i >> 3)] as number) >> (i & 7)) & 1) === 1) {
      image.starts[i] = -1
      continue
    }
    const { fixed, prefix } = fields[i] as Field
    let length = fixed
    if (prefix === 1) length = bytes[at] as number
    else if (prefix > 1) length = bytes.readUIntLE(at, prefix)
    at += prefix
    image.starts[i] = at
    at += length
    image.ends[i] = at
  }
  if (at <= end) return at
  throw new Problem("sourceProtocol", "The source's log holds a row that its event does not hold whole.")
}

export function insertRows(bytes: Buffer, start: number, end: number, target: RowTarget, row: Image): void {
  for (let at = start; at < end; ) {
    at = readImage(bytes, at, end, target.fields, row)
    put(target, bytes, row, "insert", undefined)
  }
}

export function deleteRows(bytes: Buffer, start: number, end: number, target: RowTarget, row: Image): void {
  for (let at = start; at < end; ) {
    at = readImage(bytes, at, end, target.fields, row)
    put(target, bytes, row, "delete", target.key)
  }
}

export function updateRows(
  bytes: Buffer,
  start: number,
  end: number,
  target: RowTarget,
  before: Image,
  after: Image,
): void {
  for (let at = start; at < end; ) {
    at = readImage(bytes, at, end, target.fields, before)
    at = readImage(bytes, at, end, target.fields, after)
    if (!isSameKey(bytes, target, before, after)) put(target, bytes, before, "delete", target.key)
    put(target, bytes, after, "update", undefined)
  }
}

/** Without a key a row is told by all it holds, so that every update is a delete and an insert. */
function isSameKey(bytes: Buffer, { key }: RowTarget, before: Image, after: Image): boolean {
  if (key === undefined) return false
  for (const index of key) {
    const [start, end] = [before.starts[index] as number, before.ends[index] as number]
    const [otherStart, otherEnd] = [after.starts[index] as number, after.ends[index] as number]
    if (end - start !== otherEnd - otherStart) return false
    for (let i = 0; i < end - start; i++) if (bytes[start + i] !== bytes[otherStart + i]) return false
  }
  return true
}

function put({ sink, fields }: RowTarget, bytes: Buffer, image: Image, kind: RowKind, only: Written): void {
  const { columns, row } = sink
  let i = 0
  try {
    for (; i < fields.length; i++) {
      const column = columns[i] as ColumnBuffer
      const start = image.starts[i] as number
      if (start < 0 || (only !== undefined && !only.includes(i))) putNull(column, row)
      else (fields[i] as Field).put(column, bytes, start, image.ends[i] as number)
    }
  } catch (error) {
    throw inColumn(error, i)
  }
  sink.end(kind)
}
