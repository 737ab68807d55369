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
   * What the source notes of the table (`revision`) is this from here on; rows, columns and names stay as they are. Lasting
   * with the batch.
   */
  revised(table: TableSchema): void
  /** The table is gone, or no longer wanted. Nothing more of it comes. Between transactions or inside one. */
  dropped(table: TableSchema): void
  /** The table no longer is what the warehouse knows. Nothing more of it comes until the stream includes it anew. */
  schemaChanged(table: TableSchema, what: string): void
  /**
   * The table can go on only with this column as text: `what` came, which its type cannot hold. What the table has in the
   * open batch is to be dropped. Nothing more of it comes until the stream includes it anew. Without a column, text would
   * not do either: then `what` says why, for people.
   */
  unfit(table: TableSchema, column: string | undefined, what: string): void
  /** The source has sent everything up to here, and none of it concerned us. */
  caughtUp(position: Position): void
  /** The bytes at hand are decoded: a good moment to hand over a batch. */
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
  /** Index of the row being written. */
  readonly row: number
  /** Marks a column of the row at hand as not sent by the source (it must still be filled, with a null). */
  unchanged(column: number): void
  end(kind: RowKind): void
}
