import type { Integration } from "../../domain/integration.ts"
import type { Problem } from "../../domain/problems.ts"
import type { Store } from "../../state/store.ts"
import type { PipelineMonitor } from "../pipelines/pipeline-monitor.ts"
import type { RunningPipeline } from "../pipelines/running-pipeline.ts"
import { healthOf } from "./health.ts"

/**
 * Writes back what is: tables, history, status. `mine`: the integration's pipelines; `isEnding`: there were others, too;
 * `others`: what else hinders it.
 */
export async function report(
  store: Store,
  integration: Integration,
  mine: readonly RunningPipeline[],
  isEnding: boolean,
  others: readonly Problem[],
): Promise<void> {
  for (const one of mine) await record(store, one)
  const monitors = mine.map((one) => one.monitor)
  const health = healthOf(integration, monitors, isEnding, others)
  const same =
    health.status === integration.status &&
    health.isFilterPending === integration.isFilterPending &&
    JSON.stringify(health.errors) === JSON.stringify(integration.errors)
  if (!same) await store.integrations.settle(integration, health)
}

async function record(store: Store, { monitor, history }: RunningPipeline): Promise<void> {
  await recordTables(store, monitor)
  const events = history.take()
  if (events === undefined) return
  try {
    await store.history.append(events)
  } catch (error) {
    history.putBack(events)
    throw error
  }
}

async function recordTables(store: Store, monitor: PipelineMonitor): Promise<void> {
  const rows = monitor.takeDirtyTables()
  if (rows === undefined) return
  try {
    await store.tables.replaceAll(monitor.record.integrationId, monitor.record.sourceDatabase, rows)
  } catch (error) {
    monitor.markDirty()
    throw error
  }
}
