import type { Integration } from "../../domain/integration.ts"
import type { Problem } from "../../domain/problems.ts"
import type { Lease } from "../../state/leases.ts"
import type { Store } from "../../state/store.ts"
import type { Observer } from "../running-pipelines/observer.ts"
import type { PipelineMonitor } from "../running-pipelines/pipeline-monitor.ts"
import type { RunningPipeline } from "../running-pipelines/running-pipeline.ts"
import { healthOf } from "./health.ts"

export interface Reported {
  integration: Integration
  /** The integration's pipelines. */
  mine: readonly RunningPipeline[]
  /**
   * The given pipelines are all of the integration's; false: other processes own some, so that its status is not known here.
   */
  isWhole: boolean
  /** An earlier pipeline of the integration has not ended yet. */
  isEnding: boolean
  /** Problems of the integration beside those of its pipelines. */
  others: readonly Problem[]
}

/** Writes back what is: tables, history, observations, and only then a status, which is never ahead of them. */
export async function report(
  store: Store,
  observer: Pick<Observer, "flush">,
  { integration, mine, isWhole, isEnding, others }: Reported,
): Promise<void> {
  for (const one of mine) await record(store, one)
  if (!isWhole) return
  const monitors = mine.map((one) => one.monitor)
  const health = healthOf(integration, monitors, isEnding, others)
  const same =
    health.status === integration.status &&
    health.isFilterPending === integration.isFilterPending &&
    JSON.stringify(health.errors) === JSON.stringify(integration.errors)
  if (same) return
  await observer.flush()
  await store.integrations.settle(
    integration,
    health,
    mine.map(({ lease }) => lease),
  )
}

async function record(store: Store, { monitor, history, lease }: RunningPipeline): Promise<void> {
  await recordTables(store, monitor, lease)
  const events = history.take()
  if (events === undefined) return
  try {
    await store.history.append(events, lease)
  } catch (error) {
    history.putBack(events)
    throw error
  }
}

async function recordTables(store: Store, monitor: PipelineMonitor, lease: Lease): Promise<void> {
  const rows = monitor.takeDirtyTables()
  if (rows === undefined) return
  try {
    const { integrationId, sourceDatabase } = monitor.record
    await store.tables.replaceAll(integrationId, sourceDatabase, rows, lease)
  } catch (error) {
    monitor.markDirty()
    throw error
  }
}
