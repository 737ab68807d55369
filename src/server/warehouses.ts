import { mkdir } from "node:fs/promises"
import { availableParallelism, totalmem } from "node:os"
import { basename, join } from "node:path"
import type { WarehouseConfiguration } from "../domain/configuration.ts"
import type { Warehouse } from "../replication/warehouse.ts"
import { type DuckDbInstance, openDuckDb } from "../warehouses/duckdb/instance.ts"
import { openDuckDbWarehouse } from "../warehouses/duckdb/warehouse.ts"

export interface OpenWarehouses {
  byArn(arn: string): Warehouse | undefined
  /** The engine whose databases the SQL port shows. */
  readonly queried: DuckDbInstance
  close(): Promise<void>
}

/** Leaves room for the process itself, its sources' buffers and an embedded PostgreSQL. */
const memoryShare = 0.4

/** Opens every warehouse of the configuration; the first one is the SQL port's. */
export async function openWarehouses(
  configurations: readonly WarehouseConfiguration[],
  dataDir: string,
): Promise<OpenWarehouses> {
  const opened = new Map<string, Warehouse>()
  const instances: DuckDbInstance[] = []
  for (const [index, configuration] of configurations.entries()) {
    const stagingPath = join(dataDir, "staging", `${index}-${basename(configuration.path)}`)
    await mkdir(configuration.path, { recursive: true, mode: 0o700 })
    await mkdir(stagingPath, { recursive: true, mode: 0o700 })
    const instance = await openDuckDb({
      path: configuration.path,
      stagingPath,
      threads: availableParallelism(),
      memoryLimitBytes: Math.floor((totalmem() * memoryShare) / configurations.length),
    })
    instances.push(instance)
    opened.set(configuration.arn, openDuckDbWarehouse(instance, stagingPath))
  }
  const [queried] = instances
  if (queried === undefined) throw new Error("the configuration has no warehouse")
  return {
    byArn: (arn) => opened.get(arn),
    queried,
    close: async () => {
      for (const instance of instances) await instance.close()
    },
  }
}
