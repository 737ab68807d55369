import type { Position } from "../../domain/position.ts"
import type { Problem } from "../../domain/problems.ts"
import type { TableName, TableSchema } from "../../domain/table.ts"
import type { Spool } from "../spool/spool.ts"
import type { RowBuffer } from "../values/columns.ts"
import type { WriteObserver } from "../write-order.ts"
import type { ChangeSink } from "./change-sink.ts"
import type { DigestedSide, RowKey } from "./comparison.ts"
import type { TextColumns } from "./text-columns.ts"

/** What replication needs and the source lacks, with the statement or step that mends it. */
export interface Finding {
  /** `error`: replication cannot start; `warning`: it can, but somebody should know; `note`: something could not be looked at. */
  severity: "error" | "warning" | "note"
  /** An error of one table keeps only that table out. */
  concerns: "source" | "table"
  what: string
  remedy: string
}

/** What the source's catalog says of a table that can be replicated, without reading its rows. */
export interface TableSize extends TableName {
  hasKey: boolean
  /** An estimate. */
  estimatedRows: number
  /** On the source's disk, an estimate; without indexes. */
  bytes: number
}

/** Which tables a pipeline takes. The answers may change while it runs; then the pipeline is told. */
export type TableSelection = (table: TableName) => boolean

/** A table the selection takes but that cannot be replicated, and why. */
export interface RefusedTable extends TableName {
  id: string
  reason: string
}

/**
 * Where rows come from: one database of a server. One contract suite (test/contract/sources/source.ts) runs on every adapter.
 * Methods throw `Problem`; everything else is a fault of ours.
 */
export interface Source {
  /** Looks at settings and privileges; changes nothing. */
  preflight(select: TableSelection): Promise<Finding[]>
  /**
   * Prepares the source to keep its history for `handle` from now on and opens a snapshot of exactly that moment.
   * Whatever an earlier attempt with the same handle left is removed first. Its tables hold `texts` as text.
   * `onWaiting` is told now and then what it has to wait for (Problem `sourceBusy`, thrown if that takes too long).
   */
  openSnapshot(
    handle: string,
    select: TableSelection,
    texts: TextColumns,
    onWaiting?: (problem: Problem) => void,
  ): Promise<Snapshot>
  /** Whether the source still has all changes after `from`. */
  history(handle: string, from: Position): Promise<"kept" | "lost">
  /**
   * Ends the connection of an earlier owner that still reads in the pipeline's name: for an owner whose host is gone the
   * source would keep it for a minute or more, and refuse ours. Called once, before the first stream of an owner. Absent:
   * opening a stream does that.
   */
  endReader?(handle: string): Promise<void>
  /** Streams changes after `from` into the sink until stopped; see ChangeStream. */
  stream(options: StreamOptions): Promise<ChangeStream>
  /**
   * Reads the source into the spool, so that the source may discard what the warehouse cannot take yet. Absent: this source
   * cannot.
   */
  record?(options: RecordOptions): Promise<Recording>
  /** Has the source send no more changes of tables that are not selected. Absent: it always sends everything. */
  narrow?(handle: string, select: TableSelection): Promise<void>
  /** Removes all that `openSnapshot` made at the source. Repeatable. */
  remove(handle: string): Promise<void>
  /**
   * Finds what handles that no integration owns have left at the source, with the statements that remove it. Absent: nothing
   * stays at such a source.
   */
  abandoned?(isOwned: (handle: string) => boolean): Promise<Finding[]>
  /** What a person does instead of `remove` when the source does not answer us. Absent: nothing is left at the source. */
  removal?(handle: string): string
  /**
   * The selected tables as they are now, in the stable order of their names, with the exact types of all columns.
   * With a handle, also those whose changes may have been kept from it (by id, with what happened): `include` mends
   * that, and what was missed only a resync brings. Throws Problem `sourceHistoryLost` if that concerns all.
   */
  tables(
    select: TableSelection,
    handle?: string,
  ): Promise<{ tables: TableSchema[]; refused: RefusedTable[]; altered?: ReadonlyMap<string, string> }>
  /** How large the selected tables are that can be replicated; undefined: that cannot be told now. Absent: the source never tells. */
  sizes?(select: TableSelection): Promise<TableSize[] | undefined>
  /**
   * From now on, whatever the pipelines do, keeps what we made at the source from making other statements there fail.
   * Absent: it never can.
   */
  protect?(options: ProtectionOptions): Protection
  /** Negative: `a` is before `b`. */
  compare(a: Position, b: Position): number
  /** Resolves when the source answers on a connection of its own, however busy it is. Absent: `currentPosition` tells. */
  answers?(): Promise<void>
  /** The source's newest position: what a stream must reach to have everything committed before this call. */
  currentPosition(): Promise<Position>
  /** What the source keeps for handles, whichever of its databases they are of; unknown ones are left out. */
  retention(handles: readonly string[]): Promise<Map<string, Retention>>
  /** A position as people write it; `undefined`: not one of this source. */
  parsePosition(text: string): Position | undefined
  /** A sentence that says how people ask the source for its position; absent: they cannot. */
  readonly positionHelp?: string
}

export interface ProtectionOptions {
  /** The handles that may have something at this source now; called at each check. */
  handles(): readonly string[]
  /**
   * Tables were taken out of the stream because their updates failed at the source; each with the statement that mends it.
   * An empty list: somebody had altered what is sent and that was taken back; the tables are to be compared with the
   * catalog.
   */
  onWithdrawn(handle: string, tables: RefusedTable[]): void
  /**
   * Partitions of a table were attached, detached or emptied, which the stream may not tell: its tables are to be polled
   * soon.
   */
  onPartsChanged(handle: string): void
  /** Why the check itself fails; `undefined`: it works again. */
  onProblem(problem: Problem | undefined): void
}

export interface Protection {
  /** Ends its connection. */
  stop(): Promise<void>
}

/** History that a source keeps because we have not acknowledged it. */
export interface Retention {
  /** As the source calls it (PostgreSQL: `reserved`, `extended`, `unreserved`, `lost`). */
  status: string
  retainedBytes: number
  /** Bytes after our acknowledgement. The source may retain more than that, for transactions that are still open. */
  unreadBytes: number
  /** Bytes that may still be written before the source discards what it retains; `undefined`: it never does. */
  safeBytes: number | undefined
  /** Bytes that the source has ever written: the difference of two readings gives the rate. */
  writtenBytes: number
}

/** One consistent moment of the source. */
export interface Snapshot extends DigestedSide {
  position: Position
  tables: SnapshotTable[]
  /**
   * Tables that can only be copied beside the running stream (`include`). What the warehouse holds of them stays
   * readable; the stream reports them to its sink as changed until they have been.
   */
  later?: TableSchema[]
  refused: RefusedTable[]
  /**
   * Reads one chunk. Full buffers go to `write`, which resolves with the buffer to use next; reading waits for that. Throws
   * UnrepresentableColumn where holding the column as text would help.
   */
  read(
    table: TableSchema,
    chunk: Chunk,
    rows: RowBuffer,
    write: (rows: RowBuffer) => Promise<RowBuffer>,
    signal: AbortSignal,
  ): Promise<void>
  /** As `read`, but just the rows that have one of these keys. */
  readKeys(
    table: TableSchema,
    keys: readonly RowKey[],
    rows: RowBuffer,
    write: (rows: RowBuffer) => Promise<RowBuffer>,
    signal: AbortSignal,
  ): Promise<void>
  close(): Promise<void>
}

export interface SnapshotTable {
  schema: TableSchema
  /** An estimate, for progress. */
  estimatedRows: number
  chunks: Chunk[]
}

/** A part of a table that can be read by itself. Only its source understands `token`. */
export interface Chunk {
  token: string
}

export interface StreamOptions {
  handle: string
  from: Position
  select: TableSelection
  /**
   * The schemas the warehouse has, columns that are text instead of their exact type among them; a table whose columns
   * differ from these is reported to the sink.
   */
  tables: TableSchema[]
  sink: ChangeSink
  /** If the spool holds changes, they come first, while the source is read on into the spool. */
  spooling?: Spooling | undefined
}

export interface Spooling {
  spool: Spool
  observe: WriteObserver
}

export interface RecordOptions extends Spooling {
  handle: string
  select: TableSelection
}

export interface Recording {
  /** Rejects with a Problem when reading breaks; resolves after `stop`. A full spool makes it wait and is no failure. */
  readonly ended: Promise<void>
  /** Stops reading. When it resolves, the spool ends with a whole transaction and the source can be streamed from there. */
  stop(): Promise<void>
}

/** The tables of a stream as they are at the place it has come to. */
export interface FollowedTables {
  /** Whether the stream decodes the table exactly as this definition says. */
  carries(table: TableSchema): boolean
  /**
   * Reads the catalog's present state of streamed tables. Differences that the stream has not told by then are reported to
   * the sink (`altered`, `dropped`, `schemaChanged`) when the stream has passed the position of that reading.
   */
  recheck(ids: readonly string[]): Promise<void>
}

export interface ChangeStream {
  /** Ends with a Problem when the stream breaks; resolves after `stop`. */
  readonly ended: Promise<void>
  /** True while the stream comes from the spool, with the source being read into it; absent: never. */
  readonly isReplaying?: boolean
  /** Everything up to this position is durable in the warehouse: the source may discard it. */
  acknowledge(position: Position): void
  /** Backpressure: stops reading. Keep-alives are still answered, so that the source does not drop the connection. */
  pause(): void
  resume(): void
  /** Asks the source for its position; the answer reaches the sink as `caughtUp`. */
  ask(): void
  /**
   * Milliseconds for which the source has owed a sign of life: it was asked, or speaks by itself when it has nothing to send,
   * and nothing has come. 0: it owes none, or is not listened to. A source that is busy may owe one for seconds. Absent: unknown.
   */
  overdueMs?(): number
  /**
   * Opens a snapshot of tables the stream does not carry (new ones, or ones that changed) and carries them from exactly
   * its moment on, with `texts` as text. `prepare` is called with them before the first change can come. Reading stops meanwhile, for a
   * limited time: a Problem `sourceBusy` says that the source was not ready for a snapshot, and to try later.
   */
  include(
    ids: ReadonlySet<string>,
    texts: TextColumns,
    prepare: (tables: TableSchema[]) => void,
  ): Promise<Snapshot>
  /**
   * Opens a snapshot of tables that the stream carries, to compare them. `reached` is called once, between two
   * transactions: the sink has been given all that the snapshot sees, and nothing that comes after. Reading stops until
   * the snapshot is there, at most 5 s: then a Problem `sourceBusy`.
   */
  glimpse(ids: ReadonlySet<string>, reached: () => void): Promise<Snapshot>
  /**
   * How tables become others in the stream; absent: it never calls the sink's `altered` and `dropped`, and a table that
   * changed is resynced.
   */
  readonly followed?: FollowedTables
  /** `true`: every DDL statement advances the stream's position, even if it changes no rows. Absent: it may not. */
  readonly movesWithDefinitions?: true
  /** From here on the stream gives no more changes of this table. */
  exclude(id: string): void
  stop(): Promise<void>
}
