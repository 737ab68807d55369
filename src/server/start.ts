import { SetupError } from "../configuration/setup-error.ts"
import { foldersOfOthers } from "../configuration/trust/private-folder.ts"
import { monitored } from "../control-plane/pipelines/monitored-integrations.ts"
import { observedWarehouses } from "../control-plane/pipelines/observed-warehouses.ts"
import type { DirectWarehouseReport, StatusSources } from "../control-plane/pipelines/status.ts"
import type { Configuration, HostPort } from "../domain/configuration.ts"
import type { StatementWatch } from "../query/watched-statements.ts"
import type { BucketEvent } from "../state/copy/bucket-events.ts"
import { errorFields } from "../wire/http/log.ts"
import { engineAway } from "./isolated/neighbours.ts"
import { listenerWarnings } from "./listener-warnings.ts"
import { type Base, type BaseOptions, openBase } from "./parts/base.ts"
import type { OnStop } from "./parts/installation.ts"
import { type LoadedParts, loadParts } from "./parts/load-parts.ts"
import { watchOwnStatements } from "./parts/own-statements.ts"
import type { WarehousePart } from "./parts/warehouse-part.ts"
import type { WorkerOptions } from "./parts/worker-part.ts"
import { allRoles } from "./roles.ts"

export interface ServerOptions extends Omit<BaseOptions, "roles">, WorkerOptions {
  /** Default true: refuse folders that others could change or replace. The demo's hold nothing of anybody's, wherever it is run. */
  areFoldersChecked?: boolean
  /** Told of the statements that run. Default `none`; `own`: they are written down for the next start (`watchOwnStatements`). */
  watch?: StatementWatch | "own" | "none"
}

/** A process with some of the roles of an installation. */
export interface RunningRoles {
  /** Of the role `api`. */
  http?: HostPort
  /** Of the role `sql`. */
  sql?: HostPort
  /** Where `listen.health` asks for it, with the role `api`; where `listen.worker_health` does, without. */
  health?: HostPort
  /** With the generated key pair and SQL user where none were configured. */
  configuration: Configuration
  /** Resolves, with the reason, when only a new process can go on. */
  broken: Promise<string>
  /** Takes over another configuration, while everything runs. @throws SetupError when that cannot be; nothing has changed then */
  reload(next: Configuration): Promise<void>
  /** Stops in order; safe to be cut short at any point. */
  stop(): Promise<void>
}

/** A process with all roles. */
export type RunningServer = RunningRoles & Required<Pick<RunningRoles, "http" | "sql">>

/** Starts all roles in this process. As `startRoles`. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { http, sql, ...running } = await startRoles({ ...options, roles: allRoles })
  if (http === undefined || sql === undefined) throw new Error("a role was not started")
  return { ...running, http, sql }
}

/** Starts these roles in this process, or nothing: what had begun is stopped again when a later part cannot. @throws SetupError */
export async function startRoles(options: ServerOptions & BaseOptions): Promise<RunningRoles> {
  const { log } = options
  const closers: (() => Promise<void>)[] = []
  const onStop: OnStop = (close) => void closers.unshift(close)
  const stop = async () => {
    for (const close of closers.splice(0))
      await close().catch((error: unknown) => log.error(errorFields(error), "stopping a part failed"))
  }
  try {
    return { ...(await startParts(options, onStop)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Ports are open before the first pipeline starts, and closed after the last one has stopped. */
async function startParts(
  options: ServerOptions & BaseOptions,
  onStop: OnStop,
): Promise<Omit<RunningRoles, "stop">> {
  const [ofOthers] = options.areFoldersChecked === false ? [] : foldersOfOthers(options.configuration)
  if (ofOthers !== undefined) throw new SetupError(ofOthers)
  const parts = await loadParts(options.roles)
  const base = await openBase(options, onStop)
  const { configuration, local, log } = base
  const ownStore = await parts.worker?.openOwnStore(base)
  const watch = parts.sql && watchOf(base, options)
  const warehouse = await parts.warehouse?.openWarehousePart(base)
  const status = statusSources(base, warehouse)
  if (warehouse !== undefined && parts.sql !== undefined)
    local.sql = await parts.sql.startSqlPart(base, warehouse, { status, watch })
  const http = await startHttp(base, parts.api, { warehouse, status })
  for (const warning of listenerWarnings(openedHere(base))) log.warn({}, warning)
  if (warehouse !== undefined && ownStore !== undefined)
    await parts.worker?.startWorkerPart(base, warehouse, ownStore, options)
  return {
    ...http,
    ...(local.sql && { sql: local.sql }),
    configuration,
    reload: base.reload,
    broken: warehouse?.broken ?? new Promise(() => undefined),
  }
}

function watchOf(base: Base, { watch = "none" }: ServerOptions): StatementWatch | undefined {
  if (watch === "own") return watchOwnStatements(base)
  return watch === "none" ? undefined : watch
}

interface HttpSources {
  warehouse: WarehousePart | undefined
  status: StatusSources
}

/** The doors of the role `api` and the listener for health checks, where the process has them. */
async function startHttp(
  base: Base,
  api: LoadedParts["api"],
  { warehouse, status }: HttpSources,
): Promise<Pick<RunningRoles, "http" | "health">> {
  const { configuration, store, onStop } = base
  const { health: ofApi, workerHealth } = configuration.listen
  if (api === undefined && workerHealth === undefined) return {}
  const { health, startHealth } = await newHealth(base)
  const noticed = async (events: readonly BucketEvent[]) =>
    warehouse === undefined ? await store.bucketEvents.add(events) : await warehouse.copy.noticed(events)
  const http = await api?.startApiPart(base, { health, status, noticed })
  const healthPort =
    api === undefined
      ? await startHealth({ at: workerHealth, key: "listen.worker_health" }, health, onStop)
      : await startHealth({ at: ofApi, key: "listen.health" }, health, onStop)
  return { ...(http && { http }), ...(healthPort && { health: healthPort }) }
}

/** Loads HTTP and the metrics, which a process without the role `api` seldom has. */
async function newHealth(base: Base) {
  const { store, neighbours } = base
  const { healthApp, startHealth } = await import("./health.ts")
  const { newMetrics } = await import("../front-doors/operations/metrics.ts")
  const metrics = newMetrics(
    () => monitored(store),
    () => neighbours?.engine(),
  )
  return { health: healthApp({ notReady: () => notReady(base), metrics }), startHealth }
}

/** The listeners of this process. */
function openedHere({ roles, configuration: { listen } }: Base): Partial<Configuration["listen"]> {
  const { http, sql, health, workerHealth, tls } = listen
  return {
    ...(roles.has("api") ? { http, ...(health && { health }) } : { ...(workerHealth && { workerHealth }) }),
    ...(roles.has("sql") && { sql }),
    ...(tls && { tls }),
  }
}

/** What only a process with the warehouses can see, others know from it. */
function statusSources(base: Base, part: WarehousePart | undefined): StatusSources {
  const { store, configuration, neighbours } = base
  const arns = configuration.warehouses.map(({ arn }) => arn)
  const told = { store, directWarehouses: directOnes(base), engine: () => neighbours?.engine() }
  if (part === undefined) return { ...told, ...observedWarehouses(store, arns) }
  const unopened = () => part.warehouses.facts().flatMap((one) => one.unopened)
  return {
    ...told,
    countRows: part.countRows,
    warehouses: async () => ({ unopened: unopened(), unobserved: [] }),
  }
}

function directOnes({ configuration, engines }: Base): DirectWarehouseReport[] {
  return configuration.warehouses.flatMap((one) => {
    const { direct } = engines.warehouses.of(one)
    return direct === undefined ? [] : [{ arn: one.arn, engine: direct.title, ...direct.addressOf(one) }]
  })
}

/** Whether this process can do what its roles are; how pipelines are is told by their observations. */
async function notReady({ roles, store, local, neighbours }: Base): Promise<string | undefined> {
  if (roles.has("worker") && local.reconciler?.ready !== true) return "the first reconciliation has not ended"
  try {
    await store.ping()
    return engineAway(neighbours)
  } catch {
    return "the state database does not answer"
  }
}
