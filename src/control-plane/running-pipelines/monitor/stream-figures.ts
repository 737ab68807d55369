import type { Applied } from "../../../replication/batch/apply-loop.ts"
import { type LagSamples, newLagSamples } from "../../../replication/lag.ts"
import type { BatchDurations, PipelineTotals } from "../../../state/pipelines/observed-facts.ts"
import { addBatch, newBatchDurations } from "../batch-durations.ts"

/** What a pipeline has done since its process started, in numbers. */
export interface StreamFigures {
  readonly totals: PipelineTotals
  readonly batchDurations: BatchDurations
  /** Commit at the source to visible here, per transaction committed while streaming, in ms. */
  readonly lags: LagSamples
  /** Source clock of the newest commit applied; undefined before the first. */
  readonly latestCommitMs: number | undefined
  /** The stream begins now. */
  streaming(): void
  /** Adds a batch. Returns the lag of its first transaction in ms; `undefined`: it has none. */
  applied(batch: Applied): number | undefined
}

export function newStreamFigures(): StreamFigures {
  const totals: PipelineTotals = {
    changes: 0,
    transactions: 0,
    batches: 0,
    stagedBytes: 0,
    copiedRows: 0,
    remediedTables: 0,
  }
  const batchDurations = newBatchDurations()
  const lags = newLagSamples()
  let streamingSinceMs = 0
  let latestCommitMs: number | undefined
  return {
    totals,
    batchDurations,
    lags,
    get latestCommitMs() {
      return latestCommitMs
    },
    streaming() {
      streamingSinceMs = Date.now()
    },
    applied(batch) {
      addTotals(totals, batch)
      addBatch(batchDurations, batch.tookMs / 1_000)
      const { firstCommittedAtMs, lastCommittedAtMs = latestCommitMs } = batch
      latestCommitMs = lastCommittedAtMs
      if (firstCommittedAtMs === undefined) return undefined
      const lagMs = Math.max(0, batch.visibleAtMs - firstCommittedAtMs)
      // What was committed during a copy, or while we were away, waited for that and says nothing of the stream.
      if (firstCommittedAtMs >= streamingSinceMs) lags.add(lagMs, batch.transactions)
      return lagMs
    },
  }
}

function addTotals(totals: PipelineTotals, applied: Applied): void {
  totals.changes += applied.changes
  totals.transactions += applied.transactions
  totals.batches++
  totals.stagedBytes += applied.stagedBytes
}
