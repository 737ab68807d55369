import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { ChangeSink, RowKind, TableSink } from "../../replication/change-sink.ts"
import { type ColumnBuffer, putNull } from "../../replication/columns.ts"
import type { TableSelection } from "../../replication/source.ts"
import { inColumn, UnfitValue } from "../../replication/unfit.ts"
import { type Carried, isCarriedAs, newCarriedTables, type Question } from "./carried-tables.ts"
import type { PgTable } from "./catalog.ts"
import type { CurrentState } from "./current-tables.ts"
import type { Decoder } from "./decode-binary.ts"
import { type Beginning, isSameWitness, refuseOtherWitness, witnessOf } from "./lineage.ts"
import { type ServerIdentity, type Witness, withOrigin } from "./position.ts"
import { isDescribed, readRelation } from "./relation.ts"
import { kindOf, newTupleBuffer, readTuple, type Tuple } from "./tuple.ts"

/**
 * Decodes pgoutput, protocol version 1 (PostgreSQL manual: "Logical Replication Message Formats"). Each value says whether
 * it comes as text or in binary.
 */
export interface PgOutput {
  /** With a question, nothing more may come before it is answered. */
  message(bytes: Buffer, start: number, end: number): Question | undefined
  readonly inTransaction: boolean
  /** Carries a table from here on, but only transactions whose commit record is at `from` or later. */
  include(table: PgTable, from: bigint): void
  exclude(id: string): void
  /** A table as it is at the place the stream has come to; `undefined`: not carried. */
  carried(id: string): Carried | undefined
  /** Whether the table is carried exactly as this. */
  carries(table: TableSchema): boolean
  /** The stream has come to where the catalog had these states; the tables were `before` when it was read. */
  settle(before: ReadonlyMap<string, PgTable>, states: ReadonlyMap<string, CurrentState>): void
  /** Calls `reached` once, between transactions, when all with a commit record before `lsn` have been given to the sink and none after. */
  whenAt(lsn: bigint, reached: () => void): void
  /** Another connection goes on, beginning there. Not inside a transaction. */
  goOn(beginning: Beginning): void
  /** The server has sent everything up to `lsn`. Not inside a transaction. Returns that place as a position. */
  caughtUp(lsn: bigint): Position
}

/** A value has come in binary that only its text form tells. What came of its transaction is to be forgotten. */
export class TextNeeded extends Error {}

/** Where the rows of one relation go; `undefined` sink: nowhere (not ours, or failed). */
interface Route {
  table: PgTable
  fromText: Decoder[]
  fromBinary: (Decoder | undefined)[]
  sink: TableSink | undefined
  transaction: number
  /** Transactions before this are in the copy that the table came with. */
  from: bigint
}

const keyTuple = 0x4b
const oldTuple = 0x4f
const epochMs = 946_684_800_000

export interface StartTable {
  table: PgTable
  /** As Carried's. */
  confirmedBefore: number | undefined
}

export interface Decoding {
  tables: StartTable[]
  sink: ChangeSink
  select: TableSelection
  server: ServerIdentity
  /** Behind the last commit that came before, and that commit. */
  last: { base: bigint; witness: Witness | undefined }
  /** Transactions whose commit record lies before this have been given to the sink. */
  given: bigint
  /** This transaction has to come first. */
  expected: Witness | undefined
}

export function newPgOutput(decoding: Decoding): PgOutput {
  const { tables, sink, select, server, last } = decoding
  let { given, expected: awaited } = decoding
  /** The newest description of every relation: it is not sent again when we begin to carry one. */
  const relations = new Map<number, Buffer>()
  const routes = new Map<number, Route | undefined>()
  const before = newTupleBuffer()
  const after = newTupleBuffer()
  let { base, witness } = last
  let transaction = 0
  let inTransaction = false
  let commitLsn = 0n
  let marks: { lsn: bigint; reached(): void }[] = []
  const carried = newCarriedTables({
    sink,
    select,
    route: (id, one) => void routes.set(Number(id), one && newRoute(one.table, one.from)),
    reroute(id, one) {
      if (routes.get(Number(id)) !== undefined) routes.set(Number(id), newRoute(one.table, one.from))
    },
  })
  for (const { table, confirmedBefore } of tables) carried.include(table, given, confirmedBefore)

  function pass(lsn: bigint): void {
    const passed = marks.filter((mark) => mark.lsn <= lsn)
    marks = marks.filter((mark) => mark.lsn > lsn)
    for (const { reached } of passed) reached()
  }

  function routed(relation: number): (Route & { sink: TableSink }) | undefined {
    const route = routes.get(relation)
    if (route === undefined || commitLsn < route.from) return undefined
    if (route.transaction !== transaction) {
      route.transaction = transaction
      route.sink = sink.table(route.table.schema)
    }
    return route as Route & { sink: TableSink }
  }

  function begin(bytes: Buffer, start: number): void {
    transaction++
    commitLsn = bytes.readBigUInt64BE(start + 1)
    if (marks.length > 0) pass(commitLsn)
    inTransaction = true
    witness = witnessOf(bytes, start)
    if (awaited !== undefined) meet(awaited, witness)
    if (commitLsn >= given) sink.begin()
  }

  function meet(wanted: Witness, came: Witness): void {
    if (!isSameWitness(came, wanted)) refuseOtherWitness()
    awaited = undefined
  }

  function commit(bytes: Buffer, start: number): void {
    inTransaction = false
    const committedAtMs = Number(bytes.readBigInt64BE(start + 18)) / 1000 + epochMs
    base = bytes.readBigUInt64BE(start + 10)
    if (commitLsn >= given) sink.commit(withOrigin(base, { ...server, base, witness }), committedAtMs)
  }

  function relation(bytes: Buffer, start: number, end: number): Question | undefined {
    const id = bytes.readUInt32BE(start + 1)
    relations.set(id, Buffer.from(bytes.subarray(start, end)))
    return carried.described(String(id), readRelation(bytes, start + 5), commitLsn, witness?.xid ?? 0)
  }

  function truncate(bytes: Buffer, start: number): void {
    const count = bytes.readUInt32BE(start + 1)
    for (let i = 0; i < count; i++) {
      const id = bytes.readUInt32BE(start + 6 + i * 4)
      const route = routes.get(id)
      if (route !== undefined && commitLsn >= route.from) {
        carried.truncated(String(id), witness?.xid ?? 0)
        sink.truncate(route.table.schema)
        route.transaction = -1
      }
    }
  }

  function insert(bytes: Buffer, start: number, end: number, route: Route & { sink: TableSink }): void {
    readTuple(bytes, start + 6, end, after)
    put(route, bytes, after, "insert")
  }

  function remove(bytes: Buffer, start: number, end: number, route: Route & { sink: TableSink }): void {
    readTuple(bytes, start + 6, end, before)
    putOld(route, bytes, "delete")
  }

  function update(bytes: Buffer, start: number, end: number, route: Route & { sink: TableSink }): void {
    let at = start + 5
    const tag = bytes[at]
    const hasOld = tag === keyTuple || tag === oldTuple
    if (hasOld) at = readTuple(bytes, at + 1, end, before)
    readTuple(bytes, at + 1, end, after)
    if (tag === oldTuple) fillUnchanged(route.fromText.length)
    if (!hasOld || (tag === oldTuple && sameKey(route, bytes))) return put(route, bytes, after, "update")
    const moves = hasUnchanged(route.fromText.length)
    putOld(route, bytes, moves ? "moveFrom" : "delete")
    put(route, bytes, after, moves ? "moveTo" : "update")
  }

  /** With a full old row, what the new one leaves unsent is in the old. */
  function fillUnchanged(count: number): void {
    for (let i = 0; i < count; i++) {
      if (after.kinds[i] !== kindOf.unchanged) continue
      after.kinds[i] = before.kinds[i] as number
      after.starts[i] = before.starts[i] as number
      after.ends[i] = before.ends[i] as number
    }
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

  function putOld(route: Route & { sink: TableSink }, bytes: Buffer, kind: RowKind): void {
    const { key } = route.table.schema
    if (key !== undefined) keepOnly(key, route.fromText.length)
    put(route, bytes, before, kind)
  }

  function keepOnly(key: number[], count: number): void {
    for (let i = 0; i < count; i++) if (!key.includes(i)) before.kinds[i] = kindOf.null
  }

  const change = (
    bytes: Buffer,
    start: number,
    end: number,
    apply: (bytes: Buffer, start: number, end: number, route: Route & { sink: TableSink }) => void,
  ) => {
    const relationId = bytes.readUInt32BE(start + 1)
    const route = routed(relationId)
    if (route === undefined) return
    try {
      apply(bytes, start, end, route)
    } catch (error) {
      if (!(error instanceof UnfitValue)) throw error
      routes.set(relationId, undefined)
      carried.exclude(String(relationId))
      const { columns } = route.table
      sink.unfit(route.table.schema, columns[error.column]?.name ?? "", error.message)
    }
  }

  return {
    get inTransaction() {
      return inTransaction
    },
    include(table, from) {
      const id = Number(table.schema.id)
      carried.include(table, from, undefined)
      const described = relations.get(id)
      const isSame = described !== undefined && isDescribed(table, readRelation(described, 5))
      // If it is described otherwise, that was before `from`: a new description comes with its next change.
      routes.set(id, isSame ? newRoute(table, from) : undefined)
    },
    exclude: carried.exclude,
    carried: carried.get,
    settle: carried.settle,
    carries(table) {
      const one = carried.get(table.id)
      return one !== undefined && isCarriedAs(one, table)
    },
    whenAt: (lsn, reached) => void marks.push({ lsn, reached }),
    goOn(beginning) {
      given = beginning.given
      awaited = beginning.expected
    },
    caughtUp(lsn) {
      if (awaited !== undefined && lsn >= base) refuseOtherWitness()
      pass(lsn)
      return withOrigin(lsn, { ...server, base, witness })
    },
    message(bytes, start, end) {
      switch (bytes[start]) {
        case 0x49:
          change(bytes, start, end, insert)
          break
        case 0x55:
          change(bytes, start, end, update)
          break
        case 0x44:
          change(bytes, start, end, remove)
          break
        case 0x42:
          begin(bytes, start)
          break
        case 0x43:
          commit(bytes, start)
          break
        case 0x52:
          return relation(bytes, start, end)
        case 0x54:
          truncate(bytes, start)
          break
        case 0x4f: // origin
        case 0x59: // type
          break
        default:
          throw new Error(`unknown pgoutput message: ${bytes[start]}`)
      }
      return undefined
    },
  }
}

function newRoute(table: PgTable, from: bigint): Route {
  const fromText = table.columns.map(({ mapping }) => mapping.fromText)
  const fromBinary = table.columns.map(({ mapping }) => mapping.fromBinary)
  return { table, fromText, fromBinary, sink: undefined, transaction: -1, from }
}

function put(route: Route & { sink: TableSink }, bytes: Buffer, tuple: Tuple, kind: RowKind): void {
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
