import { lockDataFolder } from "../../configuration/data-folder.ts"
import { takeOver } from "../../configuration/reload/reload.ts"
import { ensureCredentials, withGenerated } from "../../configuration/secrets/credentials.ts"
import type { ControlPlane } from "../../control-plane/control-plane.ts"
import type { Reconciler } from "../../control-plane/reconciler/reconcile.ts"
import type { Configuration, HostPort } from "../../domain/configuration.ts"
import type { ProfilePlane } from "../../profiles/services/context.ts"
import type { ResourcePlane } from "../../resources/requests/context.ts"
import type { Store } from "../../state/store.ts"
import { errorFields, type Log } from "../../wire/http/log.ts"
import type { Neighbours } from "../isolated/neighbours.ts"
import { observingFirst } from "../observing-store.ts"
import { type Engines, engines as ownEngines } from "../registries.ts"
import { opensWarehouses, type Roles, requirePossible } from "../roles.ts"
import { openStateStore } from "../state-database.ts"
import { holdInstallation, type OnStop } from "./installation.ts"
import { newReloads, type Reloads } from "./reloads.ts"

export interface BaseOptions {
  configuration: Configuration
  roles: Roles
  /** The state database of a parent process that has called `holdInstallation`. */
  parent?: { stateUrl: string }
  /** Of a process under a supervisor. */
  neighbours?: Neighbours
  engines?: Engines
  log: Log
}

/** What all parts of a process work on, whatever its roles. */
export interface Base {
  roles: Roles
  /** With the generated key pair and SQL user where none were configured. */
  configuration: Configuration
  engines: Engines
  stateUrl: string
  store: Store
  plane: ControlPlane
  local: LocalParts
  neighbours: Neighbours | undefined
  log: Log
  onStop: OnStop
  reloads: Reloads
  /** Takes over another configuration, while everything runs. @throws SetupError when that cannot be; nothing has changed then */
  reload(next: Configuration): Promise<void>
}

/** Parts of this very process, once they run; `undefined` also where another process has the role. */
export interface LocalParts {
  reconciler?: Reconciler
  /** Where the SQL port listens. */
  sql?: HostPort
  /** Once a door of this process shows resources. */
  resources?: ResourcePlane
  /** Once a door of this process shows customer profiles. */
  profiles?: ProfilePlane
}

/** @throws SetupError */
export async function openBase(options: BaseOptions, onStop: OnStop): Promise<Base> {
  const { roles, parent, neighbours, engines = ownEngines, log } = options
  const { dataDir, region } = options.configuration
  const hasParent = parent !== undefined
  requirePossible(roles, options.configuration, { registry: engines.warehouses, hasParent })
  const { stateUrl } = await takePlace(options, onStop)
  const generated = await ensureCredentials(dataDir, region)
  const configuration = withGenerated(options.configuration, generated)
  const reloads = newReloads()
  const shared = await openStateStore(stateUrl, configuration, log)
  onStop(() => shared.close())
  const local: LocalParts = {}
  const store = observingFirst(shared, () => local.reconciler?.observe())
  return {
    roles,
    configuration,
    engines,
    stateUrl,
    store,
    plane: planeOf({ roles, configuration, engines, store, local, neighbours, log }),
    local,
    neighbours,
    log,
    onStop,
    reloads,
    async reload(given) {
      const next = withGenerated(given, generated)
      await reloads.run(next, () => takeOver(configuration, next))
    },
  }
}

/**
 * A process that opens warehouses is the only one of its data folder, also if its parent has the folder: a parent that was killed
 * may have left a child behind.
 */
async function takePlace(
  { configuration, roles, parent, log }: BaseOptions,
  onStop: OnStop,
): Promise<{ stateUrl: string }> {
  const { dataDir, stateUrl } = configuration
  if (!opensWarehouses(roles)) {
    const url = parent?.stateUrl ?? stateUrl
    if (url === undefined) throw new Error("a process without warehouses was given no state database")
    return { stateUrl: url }
  }
  const held = parent ?? (await holdInstallation(configuration, log, onStop))
  const lock = await lockDataFolder(dataDir, "worker")
  onStop(() => lock.release())
  return held
}

function planeOf({
  roles,
  configuration,
  engines,
  store,
  local,
  log,
}: Omit<Base, "sources" | "stateUrl" | "plane" | "onStop" | "reloads" | "reload">): ControlPlane {
  const { account, region, sources, warehouses, kmsKeys, listen } = configuration
  return {
    account,
    region,
    sources,
    warehouses,
    kmsKeys: kmsKeys.map(({ arn, aliases, enabled }) => ({ arn, aliases, enabled })),
    sourceEngines: engines.sources,
    sqlEndpoint(warehouse) {
      const direct = engines.warehouses.of(warehouse).direct
      if (direct !== undefined) return direct.addressOf(warehouse)
      const port = roles.has("sql") ? local.sql : configuredPort(listen.sql)
      return port && { ...port, database: "dev" }
    },
    store,
    nudge: () => nudge(store, local, log),
  }
}

/** Where another process has the port, it listens where the configuration says; at port 0, nobody else knows where. */
function configuredPort(listen: HostPort): HostPort | undefined {
  return listen.port === 0 ? undefined : listen
}

/** The reconcilers of other processes, too; those look by themselves each second if they cannot be told. */
function nudge({ signals }: Store, { reconciler }: LocalParts, log: Log): void {
  reconciler?.nudge()
  signals
    .tellWanted()
    .catch((error: unknown) => log.info(errorFields(error), "other processes are not told of a change"))
}
