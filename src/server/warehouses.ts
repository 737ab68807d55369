import { mkdir } from "node:fs/promises"
import { totalmem } from "node:os"
import { join } from "node:path"
import { SetupError } from "../configuration/setup-error.ts"
import type { DatabaseHost } from "../control-plane/databases/destination-databases.ts"
import type { Configuration, WarehouseConfiguration } from "../domain/configuration.ts"
import type { OpenWarehouse } from "../engines/warehouse-engine.ts"
import type { SessionCopyWarehouse } from "../loading/copy-target.ts"
import type { Warehouse } from "../replication/contracts/warehouse.ts"
import type { WarehouseFacts } from "../state/processes/warehouse-observations.ts"
import type { Engines, QueriedEngine } from "./registries.ts"
import { type WarehouseWatch, watchHealth } from "./warehouse-watch.ts"

export interface OpenWarehouses {
  byArn(arn: string): Warehouse | undefined
  /** Whether pipelines into this warehouse stay at this host. */
  isPinned(arn: string): boolean
  /** The file that keeps the pipelines into a destination database here; `undefined`: there is none. */
  fileOf(arn: string, database: string): string | undefined
  /** The name of the source engine whose types this warehouse has, if there is one. */
  typesOf(arn: string): string | undefined
  /** The engine whose databases the SQL port shows. */
  readonly queried: QueriedEngine
  /** The same engine's databases. */
  readonly databases: DatabaseHost
  /** Loads files into them. */
  readonly copies: SessionCopyWarehouse
  /** Each warehouse, with its databases that cannot be opened. */
  facts(): WarehouseFacts[]
  close(): Promise<void>
}

/** Leaves room for the process itself, its sources' buffers and an embedded PostgreSQL. */
const memoryShare = 0.4

/** Opens every warehouse of the configuration; the first one is the SQL port's. @throws SetupError */
export async function openWarehouses(
  { warehouses, dataDir }: Pick<Configuration, "warehouses" | "dataDir">,
  registry: Engines["warehouses"],
  watch: WarehouseWatch,
): Promise<OpenWarehouses> {
  const opened: { configuration: WarehouseConfiguration; open: OpenWarehouse<QueriedEngine> }[] = []
  for (const [index, configuration] of warehouses.entries()) {
    const open = await registry.of(configuration).open(configuration, {
      stagingFolder: async (name) => {
        const path = join(dataDir, "staging", `${index}-${name}`)
        await mkdir(path, { recursive: true, mode: 0o700 })
        return path
      },
      memoryLimitBytes: Math.floor((totalmem() * memoryShare) / warehouses.length),
    })
    opened.push({ configuration, open })
  }
  const [first] = opened
  if (first === undefined) throw new Error("the configuration has no warehouse")
  const { configuration, open: shown } = first
  const queried = await shown.query?.()
  if (queried === undefined)
    throw new SetupError(
      `The SQL port shows the first warehouse, and cannot show one of the engine ${configuration.engine}: list one of another engine first.`,
    )
  const watching = opened.map(({ open }) => watchHealth(open, watch))
  return {
    byArn: (arn) => opened.find((one) => one.configuration.arn === arn)?.open.warehouse,
    isPinned: (arn) => warehouses.some((one) => one.arn === arn && registry.of(one).isMovable === undefined),
    fileOf(arn, database) {
      const found = warehouses.find((one) => one.arn === arn)
      return found && registry.of(found).fileOf?.(found, database)
    },
    typesOf(arn) {
      const found = warehouses.find((one) => one.arn === arn)
      return found && registry.of(found).typesOf
    },
    queried: queried.engine,
    copies: queried.copies,
    databases: hostOf(configuration.arn, shown),
    facts: () =>
      opened.map(({ configuration: { arn }, open }) => ({ targetArn: arn, unopened: open.unopened() })),
    close: async () => {
      for (const stop of watching) stop()
      for (const { open } of opened) await open.close()
    },
  }
}

function hostOf(warehouseArn: string, { warehouse, databases }: OpenWarehouse<unknown>): DatabaseHost {
  return {
    warehouseArn,
    names: databases,
    ensure: (name) => warehouse.ensure(name),
    drop: (name) => warehouse.drop(name),
  }
}
