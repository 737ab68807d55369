import type { ProblemReport } from "../../domain/problems.ts"
import type { TableState } from "../../domain/table.ts"
import type { Phase } from "../../replication/pipeline.ts"

/**
 * What the owner of a pipeline sees of it, as it is written into the state database: plain JSON, so that any process can
 * read it. Times are ms since 1970 by the clock that is named, or ISO 8601 in UTC; lengths of time are in ms.
 */
export interface PipelineFacts {
  phase: Phase
  /** What hinders it, with what to do; null: nothing. */
  problem: ProblemReport | null
  /** Orders can be carried out. */
  isStreaming: boolean
  /** Age of the oldest commit not visible yet; null while unknown. */
  lagMs: number | null
  /** Commit to visible, of the latest transactions; null before the first. */
  lagP50Ms: number | null
  lagP99Ms: number | null
  /** How far the warehouse is in the source's history; null while it does not stream. */
  position: string | null
  /** The source's clock: newest commit that has come here, and that can be seen here (also by a run before); null before the first. */
  receivedAtMs: number | null
  appliedAtMs: number | null
  totals: PipelineTotals
  batchDurations: BatchDurations
  retention: RetentionFacts | null
  /** The latest there was, however long ago, also by a run before: what `retention` was before the source fell silent. */
  latestRetention: RetentionFacts | null
  relief: ReliefFacts | null
}

/** Totals since the pipeline was launched. */
export interface PipelineTotals {
  changes: number
  transactions: number
  batches: number
  stagedBytes: number
  copiedRows: number
  /** Tables that AUTO_REMEDIATION had resynced. */
  remediedTables: number
}

/** How long batches took, from handing over to durable in the warehouse, as a histogram. */
export interface BatchDurations {
  /** Batches of at most `batchDurationBounds` seconds, one count for each bound and one for what is longer. */
  counts: number[]
  sumSeconds: number
}

/** In seconds: from an idle single-row batch to one that loads millions. */
export const batchDurationBounds = [
  0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const

/** What the source keeps for the pipeline, by a look in the last minute. */
export interface RetentionFacts {
  /** As the source calls it (PostgreSQL: wal_status). */
  status: string
  retainedBytes: number
  /** What the source may keep for it by the configuration, and the policy beyond; null: nothing is declared. */
  budgetBytes: number | null
  policy: string | null
  /** How much more the source may write before it lets go of what we need; null: it never does. */
  safeBytes: number | null
  bytesPerSecond: number | null
  /** Until then at this rate, if nothing is read; null: no limit, or not known. */
  secondsToLoss: number | null
  at: string
}

/** What was done because the source kept too much: `spooling`, `released`, `failed`. Sizes of a spool only. */
export interface ReliefFacts {
  kind: string
  bytes: number | null
  limitBytes: number | null
  isFull: boolean
}

/** One table of a pipeline. */
export interface ObservedTable {
  /** The source's lasting id of the table. */
  id: string
  schema: string
  name: string
  state: TableState
  reason: string | null
  keyColumns: string[]
  /** Rows of the copy so far, and the source's estimate of all. */
  copiedRows: number
  estimatedRows: number
  /** Changes applied since the pipeline was launched. */
  changes: number
  /** From the latest change's commit at the source to visible; null before the first. */
  lagMs: number | null
  /** The latest comparison with the source since it was copied. */
  verified: { position: string; at: string; differences: number; duplicates: number } | null
  keepsVersions: boolean
  updatedAt: string
}
