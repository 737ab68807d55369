import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { ColumnBuffer, RowBuffer } from "../values/columns.ts"
import type { Alteration } from "./warehouse.ts"

/**
 * Where a source puts the changes it decodes, in commit order. Rows are written straight into the columns of a
 * TableSink, so a change costs no object.
 */
export interface ChangeSink {
  begin(): void
  /** `position` is what a restart continues after; `committedAtMs` is the source's clock. */
  commit(position: Position, committedAtMs: number): void
  /** Where rows of this table go. Ask again for each transaction: it changes with the batch. */
  table(table: TableSchema): TableSink
  truncate(table: TableSchema): void
  /**
   * From here on, also in the middle of a transaction, the table is another and keeps its rows. `false`: that cannot be
   * done here; the table is then treated as after `schemaChanged`.
   */
  altered(alteration: Alteration<RowBuffer>): boolean
  /**
   * The table's `revision` at the source is this from here on; rows, columns and names are unchanged. Durable with the
   * batch.
   */
  revised(table: TableSchema): void
  /**
   * The table was dropped, or is no longer selected: the source gives no more changes of it. Called between transactions or
   * inside one.
   */
  dropped(table: TableSchema): void
  /**
   * The table differs from what the warehouse knows: the source gives no more changes of it until the stream includes it
   * again. `what`: the reason, for people.
   */
  schemaChanged(table: TableSchema, what: string): void
  /**
   * A value came that the type of `column` cannot hold; `what` names the kind of value. Changes of the table in the open
   * batch are to be dropped, and the source gives no more until the stream includes the table again, with the column as
   * text. Without a column, text would not help either: then `what` says why, for people.
   */
  unfit(table: TableSchema, column: string | undefined, what: string): void
  /** The source has sent everything up to here, and none of it concerned us. */
  caughtUp(position: Position): void
  /** One chunk of the source's bytes is decoded: a good moment to hand over a batch. */
  chunkDecoded(): void
}

/**
 * How a row in the sink is meant. An update that changes the key is a `delete` of the old key and an `update` of the
 * new one; but when it leaves columns unsent it is a `moveFrom` (old key) directly followed by a `moveTo`.
 * Deletes and moveFrom need only the key columns (all columns where there is no key); the rest is null.
 */
export type RowKind = "insert" | "update" | "delete" | "moveFrom" | "moveTo"

/**
 * Takes one row after another: fill every column of the table (the first of `columns`; what follows is the sink's own) at
 * index `row`, then end the row.
 */
export interface TableSink {
  readonly table: TableSchema
  readonly columns: readonly ColumnBuffer[]
  /** Index of the row that is being written. */
  readonly row: number
  /** Marks a column of the present row as not sent by the source; it must still be filled, with a null. */
  unchanged(column: number): void
  end(kind: RowKind): void
}
