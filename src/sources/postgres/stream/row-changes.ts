import type { RowKind, TableSink } from "../../../replication/contracts/change-sink.ts"
import { inColumn } from "../../../replication/contracts/unrepresentable-value.ts"
import { type ColumnBuffer, putNull } from "../../../replication/values/columns.ts"
import type { PgTable } from "../catalog/catalog.ts"
import type { Decoder } from "../types/decode-binary.ts"
import { strict } from "../types/strict-text.ts"
import { kindOf, newTupleBuffer, readTuple, type Tuple } from "./tuple.ts"

/** A value has come in binary that only its text form tells. What came of its transaction is to be forgotten. */
export class TextNeeded extends Error {}

/** Which row was updated the stream does not say. */
export class KeyUnsent extends Error {
  constructor() {
    super("a row was updated whose large key the server did not send (mended in PostgreSQL 13.6 and 14.2)")
  }
}

/** Where the rows of one relation go; `undefined` sink: nowhere (not ours, or failed). */
export interface Route {
  table: PgTable
  fromText: Decoder[]
  fromBinary: (Decoder | undefined)[]
  sink: TableSink | undefined
  transaction: number
  /** Transactions before this are in the copy that the table came with, or have been given to the sink. */
  from: bigint
}

/** A route whose transaction has a sink. */
export type OpenRoute = Route & { sink: TableSink }
/** Puts the change of a row, one of its messages from `start` to `end`, where its table's rows go. */
export type RowChange = (bytes: Buffer, start: number, end: number, route: OpenRoute) => void

const keyTuple = 0x4b
const oldTuple = 0x4f

export const insertMessage = 0x49
export const updateMessage = 0x55
export const deleteMessage = 0x44

/** Room for the two tuples that an update may have, used for one message after the other. */
interface Tuples {
  before: Tuple
  after: Tuple
}

/** Decodes pgoutput's messages of one row. Throws UnrepresentableValue (UndecodableText), KeyUnsent and TextNeeded. */
export function newRowChanges(): RowChange {
  const tuples = { before: newTupleBuffer(), after: newTupleBuffer() }
  const { before, after } = tuples

  function update(bytes: Buffer, start: number, end: number, route: OpenRoute): void {
    let at = start + 5
    const tag = bytes[at]
    const hasOld = tag === keyTuple || tag === oldTuple
    if (hasOld) at = readTuple(bytes, at + 1, end, before)
    readTuple(bytes, at + 1, end, after)
    if (tag === oldTuple) fillUnchanged(tuples, route.fromText.length, () => true)
    if (tag === keyTuple) fillKey(tuples, route)
    if (!hasOld) requireKey(after, route)
    if (!hasOld || isSameKey(tuples, route, bytes)) return put(route, bytes, after, "update")
    const moves = hasUnchanged(after, route.fromText.length)
    putOld(route, bytes, before, moves ? "moveFrom" : "delete")
    put(route, bytes, after, moves ? "moveTo" : "update")
  }

  return (bytes, start, end, route) => {
    switch (bytes[start]) {
      case insertMessage:
        readTuple(bytes, start + 6, end, after)
        return put(route, bytes, after, "insert")
      case updateMessage:
        return update(bytes, start, end, route)
      default:
        readTuple(bytes, start + 6, end, before)
        return putOld(route, bytes, before, "delete")
    }
  }
}

/** The server leaves large values that did not change out of the new row: they are taken from the old row, where that has them. */
function fillUnchanged({ before, after }: Tuples, count: number, isInOld: (index: number) => boolean): void {
  for (let i = 0; i < count; i++) {
    if (after.kinds[i] !== kindOf.unchanged || !isInOld(i)) continue
    after.kinds[i] = before.kinds[i] as number
    after.starts[i] = before.starts[i] as number
    after.ends[i] = before.ends[i] as number
  }
}

/**
 * A key of large values that did not change is unsent in the new row, and sent in the old one. Servers before 13.6 and
 * 14.2 send it in neither.
 */
function fillKey(tuples: Tuples, { table, fromText }: Route): void {
  fillUnchanged(tuples, fromText.length, (index) => table.schema.key?.includes(index) ?? false)
}

function requireKey(after: Tuple, { table }: Route): void {
  for (const index of table.schema.key ?? [])
    if (after.kinds[index] === kindOf.unchanged) throw new KeyUnsent()
}

function hasUnchanged(after: Tuple, count: number): boolean {
  return after.kinds.subarray(0, count).includes(kindOf.unchanged)
}

/** Without a key a row is told by all it holds, so that every update is a delete and an insert. */
function isSameKey(tuples: Tuples, { table }: Route, bytes: Buffer): boolean {
  return table.schema.key?.every((index) => isSameField(tuples, bytes, index)) ?? false
}

function isSameField({ before, after }: Tuples, bytes: Buffer, index: number): boolean {
  if (before.kinds[index] !== after.kinds[index]) return false
  const old = bytes.subarray(before.starts[index], before.ends[index])
  return old.equals(bytes.subarray(after.starts[index], after.ends[index]))
}

/** Of a row that goes only its key is put, where there is one. */
function putOld(route: OpenRoute, bytes: Buffer, before: Tuple, kind: RowKind): void {
  const { key } = route.table.schema
  if (key !== undefined)
    for (let i = 0; i < route.fromText.length; i++) if (!key.includes(i)) before.kinds[i] = kindOf.null
  put(route, bytes, before, kind)
}

/** `isStrict`: text that is not UTF-8 is refused. */
export function newRoute(table: PgTable, from: bigint, { isStrict }: { isStrict: boolean }): Route {
  const judged = (decoder: Decoder) => (isStrict ? strict(decoder) : decoder)
  const fromText = table.columns.map(({ mapping }) => judged(mapping.fromText))
  const fromBinary = table.columns.map(({ mapping }) => mapping.fromBinary && judged(mapping.fromBinary))
  return { table, fromText, fromBinary, sink: undefined, transaction: -1, from }
}

function put(route: OpenRoute, bytes: Buffer, tuple: Tuple, kind: RowKind): void {
  const { sink, fromText, fromBinary } = route
  const { columns, row } = sink
  let i = 0
  try {
    for (; i < fromText.length; i++) {
      const column = columns[i] as ColumnBuffer
      const fieldKind = tuple.kinds[i]
      if (fieldKind === kindOf.binary) {
        const decode = fromBinary[i]
        if (decode === undefined) throw new TextNeeded()
        decode(column, bytes, tuple.starts[i] as number, tuple.ends[i] as number)
      } else if (fieldKind === kindOf.text)
        (fromText[i] as Decoder)(column, bytes, tuple.starts[i] as number, tuple.ends[i] as number)
      else {
        putNull(column, row)
        if (fieldKind === kindOf.unchanged) sink.unchanged(i)
      }
    }
  } catch (error) {
    throw inColumn(error, i)
  }
  sink.end(kind)
}
