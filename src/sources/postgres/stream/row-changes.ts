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
/** Puts the change of a row, one message from `start` to `end`, where its table's rows go. */
export type RowChange = (bytes: Buffer, start: number, end: number, route: OpenRoute) => void

const keyTuple = 0x4b
const oldTuple = 0x4f

/** Decodes pgoutput's messages of one row. They throw UnrepresentableValue (UndecodableText), KeyUnsent and TextNeeded. */
export function newRowChanges(): { insert: RowChange; update: RowChange; remove: RowChange } {
  const before = newTupleBuffer()
  const after = newTupleBuffer()

  function insert(bytes: Buffer, start: number, end: number, route: OpenRoute): void {
    readTuple(bytes, start + 6, end, after)
    put(route, bytes, after, "insert")
  }

  function remove(bytes: Buffer, start: number, end: number, route: OpenRoute): void {
    readTuple(bytes, start + 6, end, before)
    putOld(route, bytes, "delete")
  }

  function update(bytes: Buffer, start: number, end: number, route: OpenRoute): void {
    let at = start + 5
    const tag = bytes[at]
    const hasOld = tag === keyTuple || tag === oldTuple
    if (hasOld) at = readTuple(bytes, at + 1, end, before)
    readTuple(bytes, at + 1, end, after)
    if (tag === oldTuple) fillUnchanged(route.fromText.length, () => true)
    if (tag === keyTuple) fillKey(route)
    if (!hasOld) requireKey(route)
    if (!hasOld || sameKey(route, bytes)) return put(route, bytes, after, "update")
    const moves = hasUnchanged(route.fromText.length)
    putOld(route, bytes, moves ? "moveFrom" : "delete")
    put(route, bytes, after, moves ? "moveTo" : "update")
  }

  /** What the new row leaves unsent is in the old, which has these columns whole. */
  function fillUnchanged(count: number, isInOld: (index: number) => boolean): void {
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
  function fillKey({ table, fromText }: Route): void {
    fillUnchanged(fromText.length, (index) => table.schema.key?.includes(index) ?? false)
  }

  function requireKey({ table }: Route): void {
    for (const index of table.schema.key ?? [])
      if (after.kinds[index] === kindOf.unchanged) throw new KeyUnsent()
  }

  function hasUnchanged(count: number): boolean {
    return after.kinds.subarray(0, count).includes(kindOf.unchanged)
  }

  /** Without a key a row is told by all it holds, so that every update is a delete and an insert. */
  function sameKey(route: Route, bytes: Buffer): boolean {
    const { key } = route.table.schema
    return key?.every((index) => sameField(bytes, index)) ?? false
  }

  function sameField(bytes: Buffer, index: number): boolean {
    if (before.kinds[index] !== after.kinds[index]) return false
    const old = bytes.subarray(before.starts[index], before.ends[index])
    return old.equals(bytes.subarray(after.starts[index], after.ends[index]))
  }

  function putOld(route: OpenRoute, bytes: Buffer, kind: RowKind): void {
    const { key } = route.table.schema
    if (key !== undefined) keepOnly(key, route.fromText.length)
    put(route, bytes, before, kind)
  }

  function keepOnly(key: number[], count: number): void {
    for (let i = 0; i < count; i++) if (!key.includes(i)) before.kinds[i] = kindOf.null
  }

  return { insert, update, remove }
}

/** `isStrict`: text that is not UTF-8 is refused. */
export function newRoute(table: PgTable, from: bigint, isStrict = false): Route {
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
