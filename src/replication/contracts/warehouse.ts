import type { Position } from "../../domain/position.ts"
import type { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { RowBuffer } from "../values/columns.ts"
import type { RowKey, WarehouseSide } from "./comparison.ts"
import type { TextColumn, TextColumns } from "./text-columns.ts"

/**
 * Where rows go. One contract suite (test/contract/warehouse.ts) runs on every adapter.
 * The rule that makes it exact: rows and the position they bring us to become visible together, or not at all.
 * The rule that keeps it exact when a pipeline changes hands: each transaction of an owner begins with a conditional write of its
 * generation (`… WHERE generation <= $n`, one row changed), so that of two owners at once the newer one wins.
 */
export interface Warehouse {
  /**
   * Opens a destination database, making it if need be, for one pipeline and one owner of it. The database notes the owner's
   * generation: from then on whatever an older one writes is refused (Problem `TakenOver`) and changes nothing, also when both
   * come at the same moment. Throws Problem `warehouseUnavailable`, `warehouseDiskFull`, `diskFull`, or `TakenOver` where a newer
   * owner came before.
   */
  open(options: OpenOptions): Promise<Destination>
  /** Creates a destination database if it does not exist. Throws Problem. */
  ensure(database: string): Promise<void>
  /**
   * Takes a destination database away, rows and all; its `Destination` is closed. Repeatable. `by`: the owner of the pipeline that
   * filled it; absent: no pipeline did. Throws Problem, `TakenOver` where `by` is not the newest owner.
   */
  drop(database: string, by?: PipelineOwner): Promise<void>
  /** Whether the database is there and was ever opened for the pipeline. Throws Problem. */
  holds(database: string, pipeline: string): Promise<boolean>
  /** Rows now in each live table that a pipeline brought, by `tableKey`, of a database that is open. */
  countRows(database: string, pipeline: string): Promise<Map<string, number>>
  /** The way to the server that has it. Absent: it is at this host. */
  readonly server?: WarehouseServer
}

/** A server over a network that may swallow everything without a word. */
export interface WarehouseServer {
  /** Resolves when the server answers something on any connection; rejects when it does not within about 2 s. */
  answers(): Promise<void>
  /** Ends all connections as they are, so that whoever waits for an answer fails now. */
  cut(): void
}

export interface PipelineOwner {
  /** Names the pipeline in the database's notes. */
  pipeline: string
  /** Counts the pipeline's owners: each has a greater one than those before it. */
  generation: number
}

export interface OpenOptions extends PipelineOwner {
  database: string
  /** The key under which staging is encrypted; absent: staging is not encrypted. */
  dataKey?: Buffer | undefined
  /**
   * Told what a write waits for, once it has waited for some seconds (Problem `warehouseLocked`), and `undefined` when nothing waits
   * any more. Must not throw.
   */
  onHindered?: ((problem: Problem | undefined) => void) | undefined
}

/** A destination database, open for one pipeline. Its methods are bound, so that they can be passed on as functions. */
export interface Destination {
  readonly capabilities: DestinationCapabilities
  readonly rows: DestinationRows
  readonly copies: DestinationCopies
  readonly notes: DestinationNotes
  readonly inspection: DestinationInspection
  close(): Promise<void>
}

/** Rows on their way into live tables. Staged rows are lost by a crash; applied rows are durable. */
export interface DestinationRows {
  /** Writes changes (the table's columns, then `changeColumns`) where `apply` can take them. When it resolves the buffer may be used again. Not yet durable. */
  stage(table: TableSchema, rows: RowBuffer): Promise<StagedPart>
  /** Writes when changes were committed (`commitColumns`), for tables that keep versions. Not yet durable. */
  stageCommits(commits: RowBuffer): Promise<StagedPart>
  /** Writes whole rows of a table where `mend` can take them. When it resolves the buffer may be used again. */
  stageRows(table: TableSchema, rows: RowBuffer): Promise<StagedPart>
  /** All of the batch, and its position, in one transaction. When it resolves, it is durable. Parts are used up. */
  apply(batch: Batch): Promise<void>
  /** Replaces all rows that have one of `keys` by the rows of `parts`, in one transaction. Parts are used up. */
  mend(table: TableSchema, keys: readonly RowKey[], parts: readonly StagedPart[]): Promise<void>
}

/** Copies of tables, and the end of a snapshot. */
export interface DestinationCopies {
  /**
   * Begins a copy of a table beside the live one, discarding any unfinished earlier copy. `versionsSince`: the copy keeps
   * versions, its rows being valid since then; versions that the live table keeps are carried over.
   */
  begin(table: TableSchema, versionsSince?: Date): Promise<TableLoad>
  /** Ends a snapshot in one transaction: drops live tables that are not in `tables`, and records the position. */
  completeSnapshot(tables: TableSchema[], position: Position): Promise<void>
}

/** What the database knows of itself. It decides where a restart goes on: never the source, never the state database. */
export interface DestinationNotes {
  /** How far this pipeline's rows have come; `undefined` before the first snapshot is complete. */
  position(): Promise<Position | undefined>
  /** Records a position that the source reached without rows for us. */
  advance(position: Position): Promise<void>
  /**
   * Removes the recorded position, so that the next start takes a snapshot, also after a crash. Live tables stay readable.
   */
  forget(): Promise<void>
  /** The columns that `noteTextColumns` recorded, also of tables that do not exist here. */
  textColumns(): Promise<TextColumns>
  /** Records durably which columns of a table are to be held as text, replacing an earlier record. */
  noteTextColumns(tableId: string, columns: readonly TextColumn[]): Promise<void>
  /** Which tables keep versions. */
  versions(): Promise<KeptVersions>
  /**
   * Live tables begin or end keeping versions, with all their rows. What a table kept goes on under another name:
   * `<table>_historical_<timestamp>`. Those that are not live are passed over.
   */
  switchVersions(switches: readonly VersionSwitch[], at: Date): Promise<void>
}

/** Questions about the database. None of them changes anything. */
export interface DestinationInspection {
  /** Why the warehouse cannot hold a table with these names; `undefined`: it can. */
  refusal(table: TableSchema): string | undefined
  /** Names of a table's columns whose texts are cut where they are too long; absent: none is. */
  cutColumns?(table: TableSchema): readonly string[]
  /** The live replicated tables, with the schema their rows have here. */
  tables(): Promise<TableSchema[]>
  /** As `tables`, and those that are stale. */
  held(): Promise<TableSchema[]>
  /** A view of the live tables as they are now: it stays the same while more is applied, until it is closed. */
  view(): Promise<DestinationView>
}

export interface KeptVersions {
  /** Ids of live tables that keep versions. */
  tables: ReadonlySet<string>
  /** Tables dropped at the source, or no longer selected; their closed versions stay until a user drops them. */
  dropped: TableSchema[]
}

export interface VersionSwitch {
  id: string
  keep: boolean
}

/** One moment of the live tables; of those that keep versions, the active ones. */
export interface DestinationView extends WarehouseSide {
  position: Position
  /** The live tables that receive changes; stale ones are left out. */
  tables: TableSchema[]
  countRows(table: TableSchema): Promise<number>
  close(): Promise<void>
}

export interface DestinationCapabilities {
  /** True if tables, or columns, `Orders` and `orders` can exist side by side. */
  caseSensitiveNames: boolean
}

/** A copy of one table being made. */
export interface TableLoad {
  /** Takes rows for the copy. When it resolves the buffer may be used again; loading may still run. */
  write(rows: RowBuffer): Promise<void>
  /** Waits until every row written is in the copy. */
  settled(): Promise<void>
  /**
   * Waits for all rows, then until nobody's transaction is in the way of the swap, while the other tables stream on; returns early
   * when `signal` is given. Absent: a swap waits for nobody.
   */
  untilClear?(signal: AbortSignal): Promise<void>
  /** Applies changes that came meanwhile to the copy, which no reader sees yet. */
  apply(changes: TableChanges): Promise<void>
  /** Waits for all rows, then puts the copy in the live table's place in one step: readers never find it missing. */
  finish(): Promise<void>
  /** Frees what the load held. Call it after a batch has swapped the copy in. */
  close(): void
  /** Drops what has been copied. Repeatable. */
  abort(): Promise<void>
}

/** Behind a table's own columns in staged changes: the order within the batch, whether it is a delete, and a mark per column the source did not send. */
export const changeColumns = ["__millrace_seq", "__millrace_delete", "__millrace_unchanged"] as const

/** Something staged. Only the warehouse that made it understands `token`. */
export interface StagedPart {
  token: string
  rows: number
  bytes: number
}

/**
 * A run of a table's changes, sequence from `first` to `last`, that can be applied as one set. Runs are applied in order.
 * `continued`, where versions are kept: the transaction that it begins in has changes of the table before it.
 */
export type Run =
  | {
      kind: "changes"
      first: number
      last: number
      /** Nothing but inserts: nothing has to be looked for. */
      insertsOnly: boolean
      /** Columns (by index) that at least one row left unsent: keep what the warehouse, or an earlier row, has. */
      unchanged: number[]
      continued?: true
    }
  | {
      /**
       * Pairs of rows: the key left, then the row at its new key, with columns unsent. They happen all at once: no
       * key that one of them reached is left by a later one.
       */
      kind: "moves"
      first: number
      last: number
      unchanged: number[]
      continued?: true
    }
  /** `at`, where versions are kept: its own number among the changes. */
  | { kind: "truncate"; at?: number; continued?: true }

/** A table becomes another and keeps its rows. */
export interface Alteration<Fill> {
  from: TableSchema
  to: TableSchema
  /** For each column of `to` the column (by index) of `from` that it was; `undefined`: it is new. */
  origins: (number | undefined)[]
  /** One row of `to`: what the rows that are there hold in the new columns. `undefined`: nulls. */
  fill: Fill | undefined
}

/** Of a table of which only its source's notes (`revision`) became others. */
export function unaltered(table: TableSchema): Alteration<never> {
  return { from: table, to: table, origins: table.columns.map((_, index) => index), fill: undefined }
}

export interface TableChanges {
  table: TableSchema
  /** Happens before the changes; a table can have several `TableChanges` in a batch, one after another. */
  alteration?: Alteration<StagedPart> | undefined
  parts: StagedPart[]
  runs: Run[]
  /** The table keeps versions: each committed state of a row is one; says when that was. Absent: it does not. */
  commits?: StagedPart | undefined
}

/** Whole source transactions, in order, and where they bring us. */
export interface Batch {
  tables: TableChanges[]
  /** Copies that take their live table's place with this batch, before its changes. */
  swaps: TableSchema[]
  /** Tables that go no further: what they hold stays readable, but `tables` no longer names them. */
  stale: TableSchema[]
  /** Tables that are gone at the source: they go here too. */
  dropped: TableSchema[]
  /** By the source's clock, or ours where it does not say; absent: now. What goes and keeps versions is closed then. */
  at?: Date
  /** `undefined`: no transaction has ended, the position stays. */
  position: Position | undefined
}
