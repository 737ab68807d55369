import type { IntegrationReport, PipelineReport, StatusReport } from "../api/types.ts"

/** Those that need a person come first, then those that move, then by name. */
const urgency: Record<string, number> = {
  failed: 0,
  needs_attention: 1,
  syncing: 2,
  creating: 2,
  modifying: 2,
  deleting: 3,
  active: 4,
}

export function byUrgency(integrations: readonly IntegrationReport[]): IntegrationReport[] {
  const rank = ({ status }: IntegrationReport) => urgency[status] ?? 0
  return integrations.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
}

export interface Lag {
  nowMs: number | null
  p50Ms: number | null
  p99Ms: number | null
}

/** Of the slowest pipeline, each figure for itself. */
export function lagOf({ pipelines }: IntegrationReport): Lag {
  return {
    nowMs: highest(pipelines, ({ lagMs }) => lagMs),
    p50Ms: highest(pipelines, ({ lagP50Ms }) => lagP50Ms),
    p99Ms: highest(pipelines, ({ lagP99Ms }) => lagP99Ms),
  }
}

function highest(
  pipelines: readonly PipelineReport[],
  figure: (one: PipelineReport) => number | null,
): number | null {
  const known = pipelines.flatMap((one) => figure(one) ?? [])
  return known.length === 0 ? null : Math.max(...known)
}

export interface Retained {
  bytes: number
  /** Until the source loses what is needed, at its rate of now; null: never, or not known. */
  secondsToLoss: number | null
}

/** Null: no source tells what it keeps. */
export function retainedOf({ pipelines }: Pick<IntegrationReport, "pipelines">): Retained | null {
  const told = pipelines.flatMap(({ retention }) => retention ?? [])
  if (told.length === 0) return null
  const times = told.flatMap(({ secondsToLoss }) => secondsToLoss ?? [])
  return {
    bytes: told.reduce((sum, { retainedBytes }) => sum + retainedBytes, 0),
    secondsToLoss: times.length === 0 ? null : Math.min(...times),
  }
}

/** Tables that replicate, and how many of them are in step. */
export function tablesOf({ pipelines }: IntegrationReport): { good: number; all: number } {
  const tables = pipelines
    .flatMap((one) => one.tables)
    .filter(({ state }) => state !== "Deleted" && state !== "DroppedSource")
  return { good: tables.filter(({ state }) => state === "Synced").length, all: tables.length }
}

/** How old the oldest of the pipelines' reports was when the status came; 0 without pipelines. */
export function observedMsAgo({ pipelines }: IntegrationReport): number {
  return Math.max(0, ...pipelines.map((one) => one.observedMsAgo))
}

/** The highest lag of all, and whose it is. */
export function worstLag({ integrations }: StatusReport): { name: string; lagMs: number } | null {
  const lags = integrations.flatMap((one) => {
    const { nowMs, p99Ms } = lagOf(one)
    const lagMs = nowMs ?? p99Ms
    return lagMs === null ? [] : [{ name: one.name, lagMs }]
  })
  return lags.toSorted((a, b) => b.lagMs - a.lagMs)[0] ?? null
}
