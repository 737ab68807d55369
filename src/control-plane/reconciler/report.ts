import type { Integration } from "../../domain/integration.ts"
import type { Problem } from "../../domain/problems.ts"
import type { Store } from "../../state/store.ts"
import type { Observer } from "../running-pipelines/observer.ts"
import type { PipelineMonitor } from "../running-pipelines/pipeline-monitor.ts"
import type { RunningPipeline } from "../running-pipelines/running-pipeline.ts"
import { healthOf } from "./health.ts"

export interface Reported {
  integration: Integration
  /** The integration's pipelines. */
  mine: readonly RunningPipeline[]
  /** There were others, too. */
  isEnding: boolean
  /** What else hinders it. */
  others: readonly Problem[]
}

/** Writes back what is: tables, history, observations, and only then a status, which is never ahead of them. */
export async function report(
  store: Store,
  observer: Pick<Observer, "flush">,
  { integration, mine, isEnding, others }: Reported,
): Promise<void> {
  for (const one of mine) await record(store, one)
  const monitors = mine.map((one) => one.monitor)
  const health = healthOf(integration, monitors, isEnding, others)
  const same =
    health.status === integration.status &&
    health.isFilterPending === integration.isFilterPending &&
    JSON.stringify(health.errors) === JSON.stringify(integration.errors)
  if (same) return
  await observer.flush()
  await store.integrations.settle(integration, health)
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
