import { type PeriodicTask, startPeriodicTask } from "../../concurrency/periodic-task.ts"
import { Problem } from "../../domain/problems.ts"
import { LeaseLost } from "../../state/leases.ts"
import type { WarehouseFacts, WarehouseObservations } from "../../state/processes/warehouse-observations.ts"
import type { ReconcilerLog } from "../log.ts"
import { warehouseTellEveryMs } from "../pipelines/observed-warehouses.ts"
import type { RowCounts } from "../pipelines/status.ts"
import type { RunningPipeline } from "./running-pipeline.ts"

export interface WarehouseObserverOptions extends RowCounts {
  observations: WarehouseObservations
  running(): RunningPipeline[]
  warehouses(): WarehouseFacts[]
  log: ReconcilerLog
}

/** Of the time, what counting may take of one pipeline's. */
const shareOfTime = 0.02

/** What was counted of one pipeline. */
interface Counted {
  revision: number
  /** Monotonic: it is not counted again before. */
  nextAtMs: number
  counts: string
}

/**
 * Tells other processes what only this one sees in its warehouses: databases that cannot be opened, and rows of tables, counted
 * anew where something changed. Counting a large database takes long, and is done the less often.
 */
export function startWarehouseObserver(options: WarehouseObserverOptions): PeriodicTask {
  const { observations, log } = options
  const counted = new WeakMap<RunningPipeline, Counted>()
  let hasFailed = false

  async function count(one: RunningPipeline): Promise<void> {
    const known = counted.get(one)
    const { record, revision } = one.monitor
    const begunMs = performance.now()
    if (known !== undefined && (known.revision === revision || begunMs < known.nextAtMs)) return
    const found = await options.countRows(record)
    const endedMs = performance.now()
    const counts = JSON.stringify([...found])
    if (counts !== known?.counts) await observations.counted(record, one.lease, found)
    counted.set(one, { revision, nextAtMs: endedMs + (endedMs - begunMs) / shareOfTime, counts })
  }

  async function tell(): Promise<void> {
    await observations.tell(options.warehouses())
    for (const one of options.running()) await count(one).catch(unlessAway)
    hasFailed = false
  }

  return startPeriodicTask({
    everyMs: warehouseTellEveryMs,
    work: tell,
    onError(error) {
      if (!hasFailed) log.info({ reason: String(error) }, "what warehouses hold cannot be told to others now")
      hasFailed = true
    },
  })
}

/** A warehouse that does not answer, or a pipeline that is another process's now, is no news here. */
function unlessAway(error: unknown): void {
  if (!(error instanceof Problem) && !(error instanceof LeaseLost)) throw error
}
