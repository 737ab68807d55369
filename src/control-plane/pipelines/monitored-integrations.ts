import type { Integration } from "../../domain/integration.ts"
import { type TableState, tableStates } from "../../domain/table.ts"
import type { Observation } from "../../state/pipelines/observations.ts"
import type { ObservedTable, RetentionFacts } from "../../state/pipelines/observed-facts.ts"
import type { Store } from "../../state/store.ts"
import { shownStatus } from "../integrations/shown-status.ts"
import { type ObservedPipeline, observed } from "./observed-pipelines.ts"

/** Everything that monitoring is told, of one look into the state database. */
export interface Monitored {
  /** Oldest first; also those that are down, or that nobody runs. */
  integrations: MonitoredIntegration[]
  /** As `observedPipelines`. */
  observed: ObservedPipeline[]
}

export interface MonitoredIntegration {
  /** With the status and errors that callers see. */
  integration: Integration
  pipelines: MonitoredPipeline[]
}

/** `unknown`: nobody has reported on the table's pipeline for too long. */
export type MonitoredTableState = TableState | "unknown"

export const monitoredTableStates: readonly MonitoredTableState[] = [...tableStates, "unknown"]

/** What outlives the run of a pipeline: as it was known last. */
export interface MonitoredPipeline {
  sourceDatabase: string
  /** Since the newest applied commit, by the source's clock; before the first: since its tables were first in step. null: they never were. */
  appliedAgoMs: number | null
  tables: ReadonlyMap<MonitoredTableState, number>
  retention: (RetentionFacts & { ageMs: number }) | null
}

/** @throws Fault unavailable */
export async function monitored(
  store: Pick<Store, "integrations" | "observations">,
  nowMs = Date.now(),
): Promise<Monitored> {
  const integrations = await shownStatus(store, await store.integrations.all())
  const observations = await store.observations.all()
  const of = Map.groupBy(observations, ({ integrationId }) => integrationId)
  return {
    integrations: integrations.map((integration) => ({
      integration,
      pipelines: (of.get(integration.id) ?? []).map((one) => pipelineOf(one, nowMs)),
    })),
    observed: observations.flatMap((one) => observed(one) ?? []),
  }
}

function pipelineOf(one: Observation, nowMs: number): MonitoredPipeline {
  const tables = one.last?.tables ?? []
  const isKnown = observed(one)?.kind === "known"
  const appliedAtMs = one.last?.facts.appliedAtMs ?? inStepAtMs(tables)
  return {
    sourceDatabase: one.sourceDatabase,
    appliedAgoMs: appliedAtMs === null ? null : Math.max(0, nowMs - appliedAtMs),
    tables: counted(tables.map(({ state }) => (isKnown ? state : "unknown"))),
    // What an earlier version of Millrace wrote does not have the member.
    retention: agedRetention(one.last?.facts.latestRetention ?? null, nowMs),
  }
}

function inStepAtMs(tables: readonly ObservedTable[]): number | null {
  const times = tables.filter(({ state }) => state === "Synced").map(({ updatedAt }) => Date.parse(updatedAt))
  return times.length === 0 ? null : Math.max(...times)
}

function counted(states: readonly MonitoredTableState[]): Map<MonitoredTableState, number> {
  return new Map(monitoredTableStates.map((state) => [state, states.filter((one) => one === state).length]))
}

/** The seconds to loss go on while nobody looks: as if the source wrote on as it did. */
function agedRetention(retention: RetentionFacts | null, nowMs: number): MonitoredPipeline["retention"] {
  if (retention === null) return null
  const ageMs = Math.max(0, nowMs - Date.parse(retention.at))
  const { secondsToLoss } = retention
  return {
    ...retention,
    ageMs,
    secondsToLoss: secondsToLoss === null ? null : Math.max(0, secondsToLoss - ageMs / 1_000),
  }
}
