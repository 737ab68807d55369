import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"

/** Whom a batcher asks and tells. */
export interface BatcherHooks {
  /** Nothing is half-decoded: the moment to look at memory. */
  chunkDecoded(): void
  /** A batch has left; gathering begins anew. */
  handedOver(): void
  /** Whether changes wait, though the warehouse is free; `wake` when they no longer do. */
  rests(): boolean
  /** As the source's. */
  compare(a: Position, b: Position): number
  /** Why the warehouse cannot let the table become this; `undefined`: it can. */
  refusal(to: TableSchema): string | undefined
  altered(to: TableSchema): void
  dropped(table: TableSchema): void
  /** What the source notes of a table is new; absent: nobody wants to know. */
  revised?(): void
  /** Whether a table, by id, keeps versions; absent: none does. */
  keepsVersions?(id: string): boolean
}
