import type { Integration } from "../domain/integration.ts"
import type { Store } from "../state/store.ts"
import { healthOf } from "./health.ts"
import type { PipelineMonitor } from "./pipeline-monitor.ts"
import type { RunningPipeline } from "./reconcile.ts"

/** Writes back what is: tables, history, status. `mine`: the integration's pipelines. */
export async function report(
  store: Store,
  integration: Integration,
  mine: readonly RunningPipeline[],
): Promise<void> {
  for (const one of mine) await record(store, one)
  const monitors = mine.map((one) => one.monitor)
  const health = healthOf(integration, monitors)
  const same =
    health.status === integration.status &&
    JSON.stringify(health.errors) === JSON.stringify(integration.errors)
  if (!same) await store.integrations.setStatus(integration.id, health.status, health.errors)
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
