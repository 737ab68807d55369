import type { Position } from "../../../domain/position.ts"
import type { TableSchema } from "../../../domain/table.ts"
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { TableSelection } from "../../../replication/contracts/source.ts"
import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import type { PgTable } from "../catalog/catalog.ts"
import type { CurrentState } from "../catalog/current-tables.ts"
import { type LeafNotes, newLeafNotes } from "../catalog/leaf-partitions.ts"
import { type ServerIdentity, type Witness, withOrigin } from "../slot/position.ts"
import { type Beginning, isSameWitness, refuseOtherWitness, witnessOf } from "../slot/timeline-check.ts"
import { UndecodableText, undecodableReason } from "../types/strict-text.ts"
import { isDescribed, readRelation } from "./relation.ts"
import {
  deleteMessage,
  insertMessage,
  KeyUnsent,
  newRoute,
  newRowChanges,
  type OpenRoute,
  type Route,
  type RowChange,
  updateMessage,
} from "./row-changes.ts"
import { isStreamedAs, newStreamedTables, type StreamedTables } from "./streamed-tables.ts"
import type { Question, StreamedTable } from "./table-evolutions.ts"

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
  /** `true`: text may come that is not UTF-8 (the server checks no encoding); the table of a row with such text is kept out. */
  isStrict?: boolean
}

/** What a decoder keeps from one message to the next. */
interface DecoderState extends Pick<Decoding, "sink" | "server" | "given"> {
  /** Text that is not UTF-8 is refused. */
  readonly isStrict: boolean
  readonly carried: StreamedTables
  /** The newest description of every relation: it is not sent again when we begin to carry one. */
  readonly relations: Map<number, Buffer>
  readonly routes: Map<number, Route | undefined>
  readonly putRow: RowChange
  readonly leaves: LeafNotes
  /** Who waits for the stream to come to a place. */
  marks: { lsn: bigint; reached(): void }[]
  /** This transaction has to come first. */
  awaited: Witness | undefined
  /** Behind the last commit that came, and that commit. */
  base: bigint
  witness: Witness | undefined
  /** Counted from the first that came. */
  transaction: number
  inTransaction: boolean
  /** Of the transaction that is open, or was last. */
  commitLsn: bigint
}

export function newPgOutput(decoding: Decoding): PgOutput {
  const state = newState(decoding)
  const { carried } = state
  for (const { table, confirmedBefore } of decoding.tables)
    carried.include(table, state.given, confirmedBefore)
  return {
    get inTransaction() {
      return state.inTransaction
    },
    include: (table, from) => include(state, table, from),
    exclude: carried.exclude,
    carried: carried.get,
    settle: carried.settle,
    carries(table) {
      const one = carried.get(table.id)
      return one !== undefined && isStreamedAs(one, table)
    },
    whenAt: (lsn, reached) => void state.marks.push({ lsn, reached }),
    goOn: (beginning) => goOn(state, beginning),
    caughtUp: (lsn) => caughtUp(state, lsn),
    message: (bytes, start, end) => decode(state, bytes, start, end),
  }
}

function newState({ sink, select, server, last, isStrict = false, given, expected }: Decoding): DecoderState {
  const routes = new Map<number, Route | undefined>()
  const routeTo = ({ table, from }: StreamedTable) => newRoute(table, from, { isStrict })
  return {
    sink,
    server,
    isStrict,
    given,
    carried: newStreamedTables({
      sink,
      select,
      route: (id, one) => void routes.set(Number(id), one && routeTo(one)),
      reroute(id, one) {
        if (routes.get(Number(id)) !== undefined) routes.set(Number(id), routeTo(one))
      },
    }),
    relations: new Map(),
    routes,
    putRow: newRowChanges(),
    leaves: newLeafNotes(),
    marks: [],
    awaited: expected,
    base: last.base,
    witness: last.witness,
    transaction: 0,
    inTransaction: false,
    commitLsn: 0n,
  }
}

const relationMessage = 0x52
const truncateMessage = 0x54
const beginMessage = 0x42
const commitMessage = 0x43
const originMessage = 0x4f
const typeMessage = 0x59

function decode(state: DecoderState, bytes: Buffer, start: number, end: number): Question | undefined {
  switch (bytes[start]) {
    case insertMessage:
    case updateMessage:
    case deleteMessage:
      changeRow(state, bytes, start, end)
      break
    case beginMessage:
      begin(state, bytes, start)
      break
    case commitMessage:
      commit(state, bytes, start)
      break
    case relationMessage:
      return describe(state, bytes, start, end)
    case truncateMessage:
      truncate(state, bytes, start)
      break
    case originMessage:
    case typeMessage:
      break
    default:
      throw new Error(`unknown pgoutput message: ${bytes[start]}`)
  }
  return undefined
}

function begin(state: DecoderState, bytes: Buffer, start: number): void {
  state.transaction++
  state.commitLsn = bytes.readBigUInt64BE(start + 1)
  if (state.marks.length > 0) pass(state, state.commitLsn)
  state.inTransaction = true
  state.witness = witnessOf(bytes, start)
  if (state.awaited !== undefined) {
    if (!isSameWitness(state.witness, state.awaited)) refuseOtherWitness()
    state.awaited = undefined
  }
  if (state.commitLsn >= state.given) state.sink.begin()
}

function commit(state: DecoderState, bytes: Buffer, start: number): void {
  state.inTransaction = false
  const committedAtMs = Number(bytes.readBigInt64BE(start + 18)) / 1000 + epochMs
  state.base = bytes.readBigUInt64BE(start + 10)
  if (state.commitLsn >= state.given) state.sink.commit(positionAt(state, state.base), committedAtMs)
}

/** All transactions with a commit record before `lsn` have been given to the sink, and none after. */
function pass(state: DecoderState, lsn: bigint): void {
  const passed = state.marks.filter((mark) => mark.lsn <= lsn)
  state.marks = state.marks.filter((mark) => mark.lsn > lsn)
  for (const { reached } of passed) reached()
}

function positionAt({ server, base, witness }: DecoderState, lsn: bigint): Position {
  return withOrigin(lsn, { ...server, base, witness })
}

function describe(state: DecoderState, bytes: Buffer, start: number, end: number): Question | undefined {
  const { leaves, carried, relations, commitLsn, witness } = state
  const relation = bytes.readUInt32BE(start + 1)
  const id = String(relation)
  leaves.described(relation, carried.get(id)?.table.partitioned === true)
  relations.set(relation, Buffer.from(bytes.subarray(start, end)))
  const described = readRelation(bytes, start + 5)
  return carried.described({ id, described, xid: witness?.xid ?? 0 }, commitLsn)
}

function truncate(state: DecoderState, bytes: Buffer, start: number): void {
  const { leaves, routes, carried, commitLsn, witness, sink } = state
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

function changeRow(state: DecoderState, bytes: Buffer, start: number, end: number): void {
  const relation = bytes.readUInt32BE(start + 1)
  const leaf = state.leaves.changed(relation)
  if (leaf !== undefined && routeOf(state, relation) !== undefined)
    state.carried.filled(String(relation), leaf)
  const route = routeOf(state, relation)
  if (route === undefined) return
  try {
    state.putRow(bytes, start, end, route)
  } catch (error) {
    letGo(state, relation, route, error)
  }
}

/** `undefined`: rows of the relation go nowhere in this transaction. */
function routeOf(
  { routes, commitLsn, transaction, sink }: DecoderState,
  relation: number,
): OpenRoute | undefined {
  const route = routes.get(relation)
  if (route === undefined || commitLsn < route.from) return undefined
  if (route.transaction !== transaction) {
    route.transaction = transaction
    route.sink = sink.table(route.table.schema)
  }
  return route as OpenRoute
}

/** A row of the relation could not be put. Throws what is no trouble of its table. */
function letGo(
  { routes, carried, sink }: DecoderState,
  relation: number,
  { table }: Route,
  error: unknown,
): void {
  if (!(error instanceof UnrepresentableValue || error instanceof KeyUnsent)) throw error
  routes.set(relation, undefined)
  carried.exclude(String(relation))
  if (error instanceof KeyUnsent) return sink.schemaChanged(table.schema, error.message)
  if (error instanceof UndecodableText)
    return sink.unfit(table.schema, undefined, undecodableReason(table, error))
  sink.unfit(table.schema, table.columns[error.column]?.name ?? "", error.message)
}

function include({ carried, relations, routes, isStrict }: DecoderState, table: PgTable, from: bigint): void {
  const id = Number(table.schema.id)
  carried.include(table, from, undefined)
  const described = relations.get(id)
  const isSame = described !== undefined && isDescribed(table, readRelation(described, 5))
  // If it is described otherwise, that was before `from`: a new description comes with its next change.
  routes.set(id, isSame ? newRoute(table, from, { isStrict }) : undefined)
}

function goOn(state: DecoderState, { given, expected }: Beginning): void {
  state.given = given
  state.awaited = expected
  // The transaction that is awaited has been given to the sink, and comes again: its rows are not to.
  state.carried.given(given)
  for (const route of state.routes.values()) if (route !== undefined && route.from < given) route.from = given
}

function caughtUp(state: DecoderState, lsn: bigint): Position {
  if (state.awaited !== undefined && lsn >= state.base) refuseOtherWitness()
  pass(state, lsn)
  return positionAt(state, lsn)
}
