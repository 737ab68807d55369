import { mkdir } from "node:fs/promises"
import { availableParallelism, totalmem } from "node:os"
import { basename, join } from "node:path"
import type { DatabaseHost } from "../control-plane/databases/destination-databases.ts"
import type { WarehouseConfiguration } from "../domain/configuration.ts"
import { installDialect } from "../query/duckdb/dialect/macros.ts"
import type { Warehouse } from "../replication/contracts/warehouse.ts"
import { type DuckDbCopyWarehouse, openCopyWarehouse } from "../warehouses/duckdb/copy/copy-warehouse.ts"
import { type DuckDbInstance, openDuckDb } from "../warehouses/duckdb/files/instance.ts"
import type { UnopenedDatabase } from "../warehouses/duckdb/files/unopened-databases.ts"
import { openDuckDbWarehouse } from "../warehouses/duckdb/warehouse.ts"
import { errorFields, type Log } from "../wire/http/log.ts"

export interface OpenWarehouses {
  byArn(arn: string): Warehouse | undefined
  /** The engine whose databases the SQL port shows. */
  readonly queried: DuckDbInstance
  /** The same engine's databases. */
  readonly databases: DatabaseHost
  /** Loads files into them. */
  readonly copies: DuckDbCopyWarehouse
  /** Databases of all warehouses whose file cannot be opened. */
  unopened(): UnopenedDatabase[]
  close(): Promise<void>
}

/** Leaves room for the process itself, its sources' buffers and an embedded PostgreSQL. */
const memoryShare = 0.4

export interface WarehouseWatch {
  log: Log
  /** The engine can only be mended by a new process. Told once. */
  onBroken(reason: string): void
}

/** Opens every warehouse of the configuration; the first one is the SQL port's. */
export async function openWarehouses(
  configurations: readonly WarehouseConfiguration[],
  dataDir: string,
  watch: WarehouseWatch,
): Promise<OpenWarehouses> {
  const opened = new Map<string, Warehouse>()
  const instances: DuckDbInstance[] = []
  const stagingPaths: string[] = []
  for (const [index, configuration] of configurations.entries()) {
    const stagingPath = join(dataDir, "staging", `${index}-${basename(configuration.path)}`)
    await mkdir(configuration.path, { recursive: true, mode: 0o700 })
    await mkdir(stagingPath, { recursive: true, mode: 0o700 })
    const instance = await openDuckDb({
      path: configuration.path,
      stagingPath,
      threads: availableParallelism(),
      memoryLimitBytes: Math.floor((totalmem() * memoryShare) / configurations.length),
      prepare: installDialect,
    })
    instances.push(instance)
    stagingPaths.push(stagingPath)
    opened.set(configuration.arn, openDuckDbWarehouse(instance, stagingPath))
  }
  const [queried] = instances
  const [first] = configurations
  const [staging] = stagingPaths
  if (queried === undefined || first === undefined || staging === undefined)
    throw new Error("the configuration has no warehouse")
  const watching = instances.map((instance) => watchHealth(instance, watch))
  return {
    byArn: (arn) => opened.get(arn),
    queried,
    copies: await openCopyWarehouse(queried, staging),
    databases: hostOf(first.arn, queried, opened.get(first.arn)),
    unopened: () => instances.flatMap((instance) => instance.unopened()),
    close: async () => {
      for (const stop of watching) stop()
      for (const instance of instances) await instance.close()
    },
  }
}

function hostOf(
  warehouseArn: string,
  instance: DuckDbInstance,
  warehouse: Warehouse | undefined,
): DatabaseHost {
  return {
    warehouseArn,
    names: () => [...instance.databases(), ...instance.unopened().map(({ name }) => name)],
    ensure: async (name) => warehouse?.ensure(name),
    drop: async (name) => warehouse?.drop(name),
  }
}

const lookEveryMs = 1_000
/** A session that sleeps inside a transaction keeps the old database open, and the new one cannot be. */
const stuckLimitMs = 60_000
const stuckMessage = /Unique file handle conflict/

/** Has the engine's shut-off databases opened again; gives up when that cannot succeed any more. */
function watchHealth(instance: DuckDbInstance, { log, onBroken }: WarehouseWatch): () => void {
  let shutOffSinceMs: number | undefined
  let looking = false
  const told = new Map<string, string>()
  tellUnopened()

  /** Each database that cannot be opened, once for each reason. */
  function tellUnopened(): void {
    const unopened = instance.unopened()
    for (const { name, reason, remedy } of unopened) {
      if (told.get(name) === reason) continue
      told.set(name, reason)
      log.error({ database: name, reason, remedy }, "a warehouse database cannot be opened")
    }
    for (const name of [...told.keys()]) if (!unopened.some((one) => one.name === name)) told.delete(name)
  }

  async function look(): Promise<void> {
    const health = await instance.heal()
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
    if (stuckMessage.test(reason) && performance.now() - shutOffSinceMs > stuckLimitMs) broken(reason)
  }

  function broken(reason: string): void {
    clearInterval(timer)
    onBroken(reason)
  }

  const timer = setInterval(() => {
    if (looking) return
    looking = true
    look()
      .catch((error: unknown) => log.error(errorFields(error), "looking after the warehouse failed"))
      .finally(() => {
        looking = false
      })
  }, lookEveryMs)
  return () => clearInterval(timer)
}
