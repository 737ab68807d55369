import { type BatchDurations, batchDurationBounds } from "../../state/pipelines/observed-facts.ts"

export function newBatchDurations(): BatchDurations {
  return { counts: new Array(batchDurationBounds.length + 1).fill(0), sumSeconds: 0 }
}

export function addBatch(durations: BatchDurations, seconds: number): void {
  const within = batchDurationBounds.findIndex((bound) => seconds <= bound)
  const at = within === -1 ? batchDurationBounds.length : within
  durations.counts[at] = (durations.counts[at] ?? 0) + 1
  durations.sumSeconds += seconds
}
