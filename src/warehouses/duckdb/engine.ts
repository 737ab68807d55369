import { mkdir } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { basename } from "node:path"
import type { DuckDBConnection } from "@duckdb/node-api"
import type { OpenWarehouse, WarehouseEngine, WarehouseHealth } from "../../engines/warehouse-engine.ts"
import type { SessionCopyWarehouse } from "../../loading/copy-target.ts"
import type { DuckDbInstance, EngineHealth } from "./files/instance.ts"
import { type DuckDbWarehouseConfiguration, databaseFile, duckDbFormat } from "./format.ts"

export interface DuckDbEngineOptions {
  /** See DuckDbOptions.prepare: what the SQL port's dialect makes before any database is attached. */
  prepare(): Promise<(connection: DuckDBConnection) => Promise<void>>
}

/** The record of DuckDB among the warehouses. */
export function duckDbEngine({
  prepare,
}: DuckDbEngineOptions): WarehouseEngine<DuckDbWarehouseConfiguration, DuckDbInstance> {
  return {
    ...duckDbFormat,
    fileOf: ({ path }, database) => databaseFile(path, database),
    async open({ path }, { stagingFolder, memoryLimitBytes }) {
      await mkdir(path, { recursive: true, mode: 0o700 })
      const stagingPath = await stagingFolder(basename(path))
      const { openDuckDb } = await import("./files/instance.ts")
      const instance = await openDuckDb({
        path,
        stagingPath,
        threads: availableParallelism(),
        memoryLimitBytes,
        prepare: await prepare(),
      })
      return await opened(instance, stagingPath)
    },
    async preflight({ path }) {
      const { unopenedIn } = await import("./files/folder-check.ts")
      return (await unopenedIn(path, await prepare())).map(({ name, reason, remedy }) => ({
        severity: "error",
        concerns: "source",
        what: `database ${name} cannot be opened: ${reason}`,
        remedy,
      }))
    },
  }
}

async function opened(instance: DuckDbInstance, stagingPath: string): Promise<OpenWarehouse<DuckDbInstance>> {
  const { openDuckDbWarehouse } = await import("./warehouse.ts")
  let opening: Promise<SessionCopyWarehouse> | undefined
  const copies = async () => {
    const { openCopyWarehouse } = await import("./copy/copy-warehouse.ts")
    opening ??= openCopyWarehouse(instance, stagingPath)
    return await opening
  }
  return {
    warehouse: openDuckDbWarehouse(instance, stagingPath),
    databases: async () => [...instance.databases(), ...instance.unopened().map(({ name }) => name)],
    unopened: () => instance.unopened(),
    heal: async () => judged(await instance.heal()),
    query: async () => ({ engine: instance, targetOn: (await copies()).targetOn }),
    copies,
    close: () => instance.close(),
  }
}

/** A session that sleeps inside a transaction keeps the old database open, and the new one cannot be. */
const stuckMessage = /Unique file handle conflict/

function judged(health: EngineHealth): WarehouseHealth {
  return health.kind === "shutOff" ? { ...health, isStuck: stuckMessage.test(health.reason) } : health
}
