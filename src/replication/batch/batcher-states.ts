import type { Position } from "../../domain/position.ts"
import type { Work } from "./open-batch.ts"

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
