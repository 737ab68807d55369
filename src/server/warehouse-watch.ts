import { startPeriodicTask } from "../concurrency/periodic-task.ts"
import type { OpenWarehouse, WarehouseHealth } from "../engines/warehouse-engine.ts"
import { errorFields, type Log } from "../wire/http/log.ts"

export interface WarehouseWatch {
  log: Log
  /** The engine can only be mended by a new process. Told once. */
  onBroken(reason: string): void
}

const lookEveryMs = 1_000
const stuckLimitMs = 60_000

/** Has the engine's shut-off databases opened again; gives up when that cannot succeed any more. */
export function watchHealth(warehouse: OpenWarehouse, { log, onBroken }: WarehouseWatch): () => void {
  let shutOffSinceMs: number | undefined
  const told = new Map<string, string>()
  tellUnopened()

  /** Each database that cannot be opened, once for each reason. */
  function tellUnopened(): void {
    const unopened = warehouse.unopened()
    for (const { name, reason, remedy } of unopened) {
      if (told.get(name) === reason) continue
      told.set(name, reason)
      log.error({ database: name, reason, remedy }, "a warehouse database cannot be opened")
    }
    for (const name of [...told.keys()]) if (!unopened.some((one) => one.name === name)) told.delete(name)
  }

  function look(health: WarehouseHealth): void {
    tellUnopened()
    if (health.kind === "well") {
      if (shutOffSinceMs !== undefined) log.info({}, "the warehouse database is open again")
      shutOffSinceMs = undefined
      return
    }
    const { reason } = health
    if (health.kind === "dead") return broken(reason)
    if (health.kind === "reopened") {
      log.warn({ database: health.database, reason }, "a warehouse database was opened anew")
      shutOffSinceMs = undefined
      return
    }
    if (shutOffSinceMs === undefined) {
      log.warn({ database: health.database, reason }, "a warehouse database was shut off; opening it again")
    }
    shutOffSinceMs ??= performance.now()
    if (health.isStuck && performance.now() - shutOffSinceMs > stuckLimitMs) broken(reason)
  }

  function broken(reason: string): void {
    void looking.stop()
    onBroken(reason)
  }

  const looking = startPeriodicTask({
    everyMs: lookEveryMs,
    async work() {
      const health = await warehouse.heal?.()
      if (health !== undefined) look(health)
    },
    onError: (error) => log.error(errorFields(error), "looking after the warehouse failed"),
  })
  return () => void looking.stop()
}
