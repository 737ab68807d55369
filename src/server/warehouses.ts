import { mkdir } from "node:fs/promises"
import { totalmem } from "node:os"
import { join } from "node:path"
import { SetupError } from "../configuration/setup-error.ts"
import type { DatabaseHost } from "../control-plane/databases/destination-databases.ts"
import type { Configuration, WarehouseConfiguration } from "../domain/configuration.ts"
import type { PolicyServer } from "../engines/policy-server.ts"
import type { DirectAddress, OpenWarehouse, QueriedWarehouse } from "../engines/warehouse-engine.ts"
import type { CopyWarehouse, OpenSessionTarget } from "../loading/copy-target.ts"
import { noSessionTarget } from "../loading/no-session-target.ts"
import type { Warehouse, WarehouseServer } from "../replication/contracts/warehouse.ts"
import type { WarehouseFacts } from "../state/processes/warehouse-observations.ts"
import type { Engines, QueriedEngine } from "./registries.ts"
import { type WarehouseWatch, watchHealth } from "./warehouse-watch.ts"

export interface OpenWarehouses {
  byArn(arn: string): Warehouse | undefined
  /** Those that are servers, by ARN. */
  readonly servers: ReadonlyMap<string, WarehouseServer>
  /** Those whose own server applies policies, by ARN. */
  readonly policyServers: ReadonlyMap<string, PolicyServer>
  /** Whether pipelines into this warehouse stay at this host. */
  isPinned(arn: string): boolean
  /** The file that keeps the pipelines into a destination database here; `undefined`: there is none. */
  fileOf(arn: string, database: string): string | undefined
  /** The name of the source engine whose types this warehouse has, if there is one. */
  typesOf(arn: string): string | undefined
  /** How people ask the first warehouse. */
  readonly shown: ShownWarehouse
  /** The databases of the first warehouse. */
  readonly databases: DatabaseHost
  /** Those of each other warehouse. */
  readonly otherDatabases: readonly DatabaseHost[]
  /** Loads files within sessions on the first warehouse. */
  readonly targetOn: OpenSessionTarget
  /** The warehouses that files are loaded into; the first warehouse first. */
  readonly loaded: readonly LoadedWarehouse[]
  /** Each warehouse, with its databases that cannot be opened. */
  facts(): WarehouseFacts[]
  close(): Promise<void>
}

/** `queried`: on the SQL port. `direct`: on its own server. */
export type ShownWarehouse =
  | { kind: "queried"; engine: QueriedEngine }
  | { kind: "direct"; title: string; address: DirectAddress }

export interface LoadedWarehouse {
  arn: string
  /** Names it in statements. */
  cluster: string
  isFirst: boolean
  /** Its tables are in files of this host. */
  isPinned: boolean
  copies: CopyWarehouse
}

/** Leaves room for the process itself, its sources' buffers and an embedded PostgreSQL. */
const memoryShare = 0.4

/** Opens every warehouse of the configuration; the first one is the SQL port's. @throws SetupError */
export async function openWarehouses(
  { warehouses, dataDir }: Pick<Configuration, "warehouses" | "dataDir">,
  registry: Engines["warehouses"],
  watch: WarehouseWatch,
): Promise<OpenWarehouses> {
  const opened: OpenedOne[] = []
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
  const [first, ...others] = opened
  if (first === undefined) throw new Error("the configuration has no warehouse")
  const { configuration, open: shown } = first
  const asked = shownOf(configuration, registry, await shown.query?.())
  const loaded = await loadedOf(opened, registry)
  const policyServers = await policyServersOf(opened)
  const watching = opened.map(({ open }) => watchHealth(open, watch))
  return {
    byArn: (arn) => opened.find((one) => one.configuration.arn === arn)?.open.warehouse,
    servers: new Map(
      opened.flatMap(({ configuration: { arn }, open: { warehouse } }) =>
        warehouse.server === undefined ? [] : [[arn, warehouse.server] as const],
      ),
    ),
    policyServers,
    isPinned: (arn) => warehouses.some((one) => one.arn === arn && registry.of(one).isMovable === undefined),
    fileOf(arn, database) {
      const found = warehouses.find((one) => one.arn === arn)
      return found && registry.of(found).fileOf?.(found, database)
    },
    typesOf(arn) {
      const found = warehouses.find((one) => one.arn === arn)
      return found && registry.of(found).typesOf
    },
    ...asked,
    loaded,
    databases: hostOf(configuration.arn, shown, asked.shown),
    // The SQL port shows none of them, so it can keep no table of theirs from readers.
    otherDatabases: others.map(({ configuration: { arn }, open }) => hostOf(arn, open, { kind: "direct" })),
    facts: () =>
      opened.map(({ configuration: { arn }, open }) => ({ targetArn: arn, unopened: open.unopened() })),
    close: async () => {
      for (const stop of watching) stop()
      for (const { open } of opened) await open.close()
    },
  }
}

/** @throws SetupError */
function shownOf(
  configuration: WarehouseConfiguration,
  registry: Engines["warehouses"],
  queried: QueriedWarehouse<QueriedEngine> | undefined,
): Pick<OpenWarehouses, "shown" | "targetOn"> {
  if (queried !== undefined)
    return { shown: { kind: "queried", engine: queried.engine }, targetOn: queried.targetOn }
  const { direct } = registry.of(configuration)
  if (direct === undefined)
    throw new SetupError(
      `The SQL port shows the first warehouse, and cannot show one of the engine ${configuration.engine}: list one of another engine first.`,
    )
  const { title } = direct
  return {
    shown: { kind: "direct", title, address: direct.addressOf(configuration) },
    targetOn: noSessionTarget(title),
  }
}

interface OpenedOne {
  configuration: WarehouseConfiguration
  open: OpenWarehouse<QueriedEngine>
}

async function policyServersOf(opened: readonly OpenedOne[]): Promise<Map<string, PolicyServer>> {
  const found = new Map<string, PolicyServer>()
  for (const { configuration, open } of opened) {
    const server = await open.policies?.()
    if (server !== undefined) found.set(configuration.arn, server)
  }
  return found
}

async function loadedOf(
  opened: readonly OpenedOne[],
  registry: Engines["warehouses"],
): Promise<LoadedWarehouse[]> {
  const all: LoadedWarehouse[] = []
  for (const [index, { configuration, open }] of opened.entries()) {
    const copies = await open.copies?.()
    const isPinned = registry.of(configuration).isMovable === undefined
    const { arn, cluster } = configuration
    if (copies !== undefined) all.push({ arn, cluster, isFirst: index === 0, isPinned, copies })
  }
  return all
}

function hostOf(
  warehouseArn: string,
  { warehouse, databases }: OpenWarehouse<unknown>,
  { kind }: Pick<ShownWarehouse, "kind">,
): DatabaseHost {
  return {
    warehouseArn,
    hidesTables: kind === "queried",
    names: databases,
    ensure: (name) => warehouse.ensure(name),
    drop: (name) => warehouse.drop(name),
  }
}
