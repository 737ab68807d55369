import type { IntegrationReport, StatusReport } from "../api/types.ts"

/** One look at an integration, kept in the browser for its lines. */
export interface Sample {
  /** Ms since 1970. */
  atMs: number
  /** Worst pipeline; null while unknown. */
  lagMs: number | null
  /** Since the sample before; null while there is none to compare with. */
  rowsPerSecond: number | null
  /** Rows that had come by then, copied and changed. */
  rows: number
}

const keptSamples = 150
const betweenSamplesMs = 900

/** Samples by the integration's id, oldest first. */
export type History = ReadonlyMap<string, readonly Sample[]>

export interface HistoryKeeper {
  take(status: StatusReport, atMs: number): void
  of(integrationId: string): readonly Sample[]
}

/** Keeps the last samples of each integration, at most one a second. */
export function newHistory(): HistoryKeeper {
  const samples = new Map<string, Sample[]>()
  return {
    of: (id) => samples.get(id) ?? [],
    take({ integrations }, atMs) {
      const there = new Set(integrations.map(({ id }) => id))
      for (const id of samples.keys()) if (!there.has(id)) samples.delete(id)
      for (const one of integrations) {
        const before = samples.get(one.id) ?? []
        const last = before.at(-1)
        if (last !== undefined && atMs - last.atMs < betweenSamplesMs) continue
        samples.set(one.id, [...before, sampleOf(one, last, atMs)].slice(-keptSamples))
      }
    },
  }
}

function sampleOf(integration: IntegrationReport, last: Sample | undefined, atMs: number): Sample {
  const rows = rowsArrived(integration)
  // Totals begin anew with each start of a pipeline: less than before is no rate.
  const isComparable = last !== undefined && rows >= last.rows
  const rowsPerSecond = isComparable ? ((rows - last.rows) * 1000) / (atMs - last.atMs) : null
  return { atMs, lagMs: worstLagMs(integration), rowsPerSecond, rows }
}

/** Rows copied and changes applied since the pipelines were launched. */
export function rowsArrived({ pipelines }: IntegrationReport): number {
  return pipelines.reduce((sum, { totals }) => sum + totals.changes + totals.copiedRows, 0)
}

/** Of the slowest pipeline; null while none tells. */
export function worstLagMs({ pipelines }: IntegrationReport): number | null {
  const lags = pipelines.flatMap(({ lagP99Ms, lagMs }) => lagMs ?? lagP99Ms ?? [])
  return lags.length === 0 ? null : Math.max(...lags)
}

/** Over the last ten seconds, so that single batches do not make it jump; null while unknown. */
export function recentRowsPerSecond(samples: readonly Sample[]): number | null {
  const last = samples.at(-1)
  const first = samples.findLast(({ atMs }) => last !== undefined && last.atMs - atMs >= 10_000) ?? samples[0]
  if (last === undefined || first === undefined || first === last || last.rows < first.rows) return null
  return ((last.rows - first.rows) * 1000) / (last.atMs - first.atMs)
}
