import type { Position } from "../../../domain/position.ts"
import type { TableSchema } from "../../../domain/table.ts"
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { TableSelection } from "../../../replication/contracts/source.ts"
import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import type { PgTable } from "../catalog/catalog.ts"
import type { CurrentState } from "../catalog/current-tables.ts"
import { newLeafNotes } from "../catalog/leaf-partitions.ts"
import { type ServerIdentity, type Witness, withOrigin } from "../slot/position.ts"
import { type Beginning, isSameWitness, refuseOtherWitness, witnessOf } from "../slot/timeline-check.ts"
import { UndecodableText, undecodableReason } from "../types/strict-text.ts"
import { isDescribed, readRelation } from "./relation.ts"
import {
  KeyUnsent,
  newRoute,
  newRowChanges,
  type OpenRoute,
  type Route,
  type RowChange,
} from "./row-changes.ts"
import { isStreamedAs, newStreamedTables, type Question, type StreamedTable } from "./streamed-tables.ts"

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
  carried(id: string): StreamedTable | undefined
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

const epochMs = 946_684_800_000

export interface StartTable {
  table: PgTable
  /** As StreamedTable's. */
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
  /** Text that is not UTF-8 may come, and keeps its table out. */
  isStrict?: boolean
}

export function newPgOutput(decoding: Decoding): PgOutput {
  const { tables, sink, select, server, last, isStrict } = decoding
  let { given, expected: awaited } = decoding
  /** The newest description of every relation: it is not sent again when we begin to carry one. */
  const relations = new Map<number, Buffer>()
  const routes = new Map<number, Route | undefined>()
  const rows = newRowChanges()
  const leaves = newLeafNotes()
  let { base, witness } = last
  let transaction = 0
  let inTransaction = false
  let commitLsn = 0n
  let marks: { lsn: bigint; reached(): void }[] = []
  const carried = newStreamedTables({
    sink,
    select,
    route: (id, one) => void routes.set(Number(id), one && newRoute(one.table, one.from, isStrict)),
    reroute(id, one) {
      if (routes.get(Number(id)) !== undefined)
        routes.set(Number(id), newRoute(one.table, one.from, isStrict))
    },
  })
  for (const { table, confirmedBefore } of tables) carried.include(table, given, confirmedBefore)

  function pass(lsn: bigint): void {
    const passed = marks.filter((mark) => mark.lsn <= lsn)
    marks = marks.filter((mark) => mark.lsn > lsn)
    for (const { reached } of passed) reached()
  }

  function routed(relation: number): OpenRoute | undefined {
    const route = routes.get(relation)
    if (route === undefined || commitLsn < route.from) return undefined
    if (route.transaction !== transaction) {
      route.transaction = transaction
      route.sink = sink.table(route.table.schema)
    }
    return route as OpenRoute
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
    leaves.described(id, carried.get(String(id))?.table.partitioned === true)
    relations.set(id, Buffer.from(bytes.subarray(start, end)))
    return carried.described(String(id), readRelation(bytes, start + 5), commitLsn, witness?.xid ?? 0)
  }

  function truncate(bytes: Buffer, start: number): void {
    leaves.forget()
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

  const change = (bytes: Buffer, start: number, end: number, apply: RowChange) => {
    const relationId = bytes.readUInt32BE(start + 1)
    const leaf = leaves.changed(relationId)
    if (leaf !== undefined && routed(relationId) !== undefined) carried.filled(String(relationId), leaf)
    const route = routed(relationId)
    if (route === undefined) return
    try {
      apply(bytes, start, end, route)
    } catch (error) {
      if (!(error instanceof UnrepresentableValue || error instanceof KeyUnsent)) throw error
      routes.set(relationId, undefined)
      carried.exclude(String(relationId))
      if (error instanceof KeyUnsent) return sink.schemaChanged(route.table.schema, error.message)
      if (error instanceof UndecodableText)
        return sink.unfit(route.table.schema, undefined, undecodableReason(route.table, error))
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
      routes.set(id, isSame ? newRoute(table, from, isStrict) : undefined)
    },
    exclude: carried.exclude,
    carried: carried.get,
    settle: carried.settle,
    carries(table) {
      const one = carried.get(table.id)
      return one !== undefined && isStreamedAs(one, table)
    },
    whenAt: (lsn, reached) => void marks.push({ lsn, reached }),
    goOn(beginning) {
      given = beginning.given
      awaited = beginning.expected
      // The transaction that is awaited has been given to the sink, and comes again: its rows are not to.
      carried.given(given)
      for (const route of routes.values()) if (route !== undefined && route.from < given) route.from = given
    },
    caughtUp(lsn) {
      if (awaited !== undefined && lsn >= base) refuseOtherWitness()
      pass(lsn)
      return withOrigin(lsn, { ...server, base, witness })
    },
    message(bytes, start, end) {
      switch (bytes[start]) {
        case 0x49:
          change(bytes, start, end, rows.insert)
          break
        case 0x55:
          change(bytes, start, end, rows.update)
          break
        case 0x44:
          change(bytes, start, end, rows.remove)
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
