import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { Batcher } from "./batcher.ts"
import type { Work } from "./open-batch.ts"

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

/**
 * What the apply loop, which takes the batcher's work, is doing.
 *
 *             next()                     there is work
 *   away ──────────────▶ waiting ──────────────────────────▶ working
 *                           ▲                                    │
 *                           └──────────── next() ────────────────┘
 *
 * `close` gives a waiting loop `undefined`, and each later `next` too. docs/replication/batches.md draws the rest.
 */
export type ApplyLoopState =
  /** It has not asked yet, or was told to end. */
  | { kind: "away" }
  | { kind: "waiting"; give(work: Work | undefined): void }
  | {
      kind: "working"
      /** The position that is visible when the work is done; `undefined`: the work does not move it. */
      complete: Position | undefined
      /** When it took the work, in ms of the monotonic clock. */
      sinceMs: number
      /** Source clock of the oldest commit in the work; `undefined`: it has none. */
      oldestCommitMs: number | undefined
    }

/** Work that the apply loop takes before the open batch; nothing is added to it. */
export interface SealedWork {
  work: Work
  complete: Position | undefined
}

/** The loop's state from when it takes this. */
export function workingOn({ work, complete }: SealedWork): ApplyLoopState {
  const isBatch = work.kind === "batch" && work.gathered.transactions > 0
  const oldestCommitMs = isBatch ? work.gathered.firstCommittedAtMs : undefined
  return { kind: "working", complete, sinceMs: performance.now(), oldestCommitMs }
}
