import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { Batcher } from "./batcher.ts"

/** What a batcher asks its pipeline, and what it reports to it. */
export interface BatcherHooks {
  /** A chunk from the source is decoded to its end: the moment to measure memory, because no row is half written. */
  chunkDecoded(batcher: Batcher): void
  /** A batch was handed to the apply loop; the next one is empty. */
  handedOver(): void
  /**
   * True while changes wait for the batch interval though the warehouse is free. Call `Batcher.wake` when that ends.
   */
  rests(): boolean
  /** As the source's. */
  compare(a: Position, b: Position): number
  /** Why the warehouse cannot alter the table to `to`; `undefined`: it can. */
  refusal(to: TableSchema): string | undefined
  altered(to: TableSchema): void
  dropped(table: TableSchema): void
  /** The source's revision of a table has changed, without a change of its columns. */
  revised?(): void
  /** Whether a table, by id, keeps versions; absent: none does. */
  keepsVersions?(id: string): boolean
}
