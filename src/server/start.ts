import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { join } from "node:path"
import { Hono } from "hono"
import { lockDataFolder } from "../configuration/data-folder.ts"
import { hostId } from "../configuration/host-id.ts"
import { ensureCredentials, withGenerated } from "../configuration/secrets/credentials.ts"
import { sqlCertificate } from "../configuration/secrets/sql-certificate.ts"
import { SetupError } from "../configuration/setup-error.ts"
import { foldersOfOthers } from "../configuration/trust/private-folder.ts"
import type { ControlPlane } from "../control-plane/control-plane.ts"
import { startWebhook } from "../control-plane/events/webhook.ts"
import { databasesOfPartner } from "../control-plane/partners.ts"
import { observedPipelines } from "../control-plane/pipelines/observed-pipelines.ts"
import type { CountedDatabase, StatusSources } from "../control-plane/pipelines/status.ts"
import { startVerificationSchedule } from "../control-plane/pipelines/verification-schedule.ts"
import { type Reconciler, startReconciler } from "../control-plane/reconciler/reconcile.ts"
import { protectSources } from "../control-plane/reconciler/source-protection.ts"
import { cleanSourceRemains } from "../control-plane/reconciler/source-remains.ts"
import { watchRetention } from "../control-plane/running-pipelines/retention-watch.ts"
import { openSqlUsers } from "../control-plane/sql-users/sql-users.ts"
import type { Configuration, HostPort } from "../domain/configuration.ts"
import { eventsPath } from "../front-doors/events/handler.ts"
import { operationsDoor } from "../front-doors/operations/door.ts"
import { newMetrics } from "../front-doors/operations/metrics.ts"
import { rdsDoor } from "../front-doors/rds/door.ts"
import { redshiftDoor } from "../front-doors/redshift/door.ts"
import { awsRouter } from "../front-doors/router.ts"
import { startSqlPort } from "../front-doors/sql/sql-port.ts"
import type { Waits } from "../replication/waits.ts"
import type { WriteObserver } from "../replication/write-order.ts"
import type { Store } from "../state/store.ts"
import { errorFields, type Log } from "../wire/http/log.ts"
import {
  answerRaw,
  defaultHttpLimits,
  type HttpApp,
  type HttpEnvironment,
  serveHttp,
} from "../wire/http/server.ts"
import { startCopy } from "./copy.ts"
import { newDatabaseAdministration } from "./database-administration.ts"
import { healthApp } from "./health.ts"
import { newLauncher, remainsCleaner, retentionReader, sourceProtector } from "./launcher.ts"
import { exposures } from "./listener-warnings.ts"
import { listening, startHealth } from "./listening.ts"
import { observingFirst } from "./observing-store.ts"
import { openQueries } from "./queries.ts"
import { type Engines, engines } from "./registries.ts"
import { loadSources } from "./sources.ts"
import { sqlPortLimits } from "./sql-limits.ts"
import { guardedPostgres, openStateStore } from "./state-database.ts"
import type { WarehouseWatch } from "./warehouse-watch.ts"
import { type OpenWarehouses, openWarehouses } from "./warehouses.ts"

export interface ServerOptions {
  configuration: Configuration
  /** Default true: refuse folders that others could change or replace. The demo's hold nothing of anybody's, wherever it is run. */
  areFoldersChecked?: boolean
  log: Log
  /** Default: those of this program (registries.ts). */
  engines?: Engines
  /** Told each point of the write order as it is passed; tests kill the process there. */
  observe?: WriteObserver
  /** See ReconcilerOptions; tests do not wait as long as people would. */
  cleanUpPatienceMs?: number
  /** See SourceRemainsOptions; as above. */
  remainsEveryMs?: number
  /** See RetentionWatchOptions; as above. */
  retentionEveryMs?: number
  /** As above. */
  waits?: Partial<Waits>
}

export interface RunningServer {
  http: HostPort
  sql: HostPort
  /** Where `listen.health` asks for it. */
  health?: HostPort
  /** With the generated key pair and SQL user where none were configured. */
  configuration: Configuration
  /** Resolves, with the reason, when only a new process can go on. */
  broken: Promise<string>
  /** Stops in order; safe to be cut short at any point. */
  stop(): Promise<void>
}

const sqlGraceMs = 2_000
const httpGraceMs = 1_000

/** Starts everything, or nothing: what had begun is stopped again when a later part cannot. @throws SetupError */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log } = options
  const closers: (() => Promise<void>)[] = []
  const onStop = (close: () => Promise<void>) => void closers.unshift(close)
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

type OnStop = (close: () => Promise<void>) => void

async function startParts(options: ServerOptions, onStop: OnStop): Promise<Omit<RunningServer, "stop">> {
  const { log, observe = () => undefined } = options
  const {
    sources: sourceEngines,
    warehouses: warehouseEngines,
    openQueries: open,
  } = options.engines ?? engines
  const [ofOthers] = options.areFoldersChecked === false ? [] : foldersOfOthers(options.configuration)
  if (ofOthers !== undefined) throw new SetupError(ofOthers)
  const lock = await lockDataFolder(options.configuration.dataDir)
  onStop(() => lock.release())
  const { dataDir, region } = options.configuration
  const configuration = withGenerated(options.configuration, await ensureCredentials(dataDir, region))
  const running: { reconciler?: Reconciler; sql?: HostPort } = {}
  const { store: shared, ownStore } = await openState(configuration, log, onStop)
  const store = observingFirst(shared, () => running.reconciler?.observe())
  const sources = await loadSources(sourceEngines, configuration.sources)
  const broken = Promise.withResolvers<string>()
  const warehouses = await openAll(configuration, warehouseEngines, {
    log,
    onBroken: broken.resolve,
  })
  onStop(() => warehouses.close())

  const runningPipelines = () => running.reconciler?.running() ?? []
  const plane: ControlPlane = {
    ...planeOf(configuration),
    sourceEngines,
    sqlEndpoint: () => running.sql,
    store,
    nudge: () => running.reconciler?.nudge(),
  }
  const metrics = newMetrics(() => observedPipelines(store))
  const status: StatusSources = {
    store,
    countRows: (database) => countRows(plane, warehouses, database),
    unopened: () => warehouses.unopened(),
  }
  const users = await openSqlUsers({
    store: store.sqlUsers,
    configured: configuration.sqlUsers,
    audit: { store: store.audit, log },
    databasesOfPartner: (partner) => databasesOf(store, configuration, partner),
    onRefreshError: (error) => log.warn(errorFields(error), "users and grants could not be read again"),
  })
  onStop(async () => users.stop())
  const unencrypted = configuration.listen.tls?.unencrypted ?? "loopback"
  const tls = { ...(await sqlCertificate(configuration)), unencrypted }
  const copy = startCopy({ configuration, sources, store, warehouses, users, log })
  onStop(() => copy.stop())
  const router = awsRouter({
    region,
    credentials: configuration.credentials,
    limits: configuration.throttling,
    doors: [
      rdsDoor(plane, log),
      redshiftDoor(plane, log),
      operationsDoor({ ...status, takeEvents: copy.takeEvents, place: configuration }, log),
    ],
    log,
  })

  const health = healthApp({ notReady: () => notReady(store, running.reconciler), metrics })
  const app: HttpApp = new Hono<HttpEnvironment>()
  app.route("/", health)
  app.post(eventsPath, (context) => answerRaw(context, copy.eventHandler(router.handle), router.tooLarge))
  app.all("*", (context) => answerRaw(context, router.handle, router.tooLarge))

  const sqlLimits = await sqlPortLimits(configuration, warehouses.queried.memoryLimitBytes)
  const parts = { configuration, sourceEngines, warehouses, users, status, copy, limits: sqlLimits, log }
  const engine = await openQueries({
    ...parts,
    open,
    guarded: () => running.reconciler?.guarded(warehouses.databases.warehouseArn) ?? [],
  })
  const sql = await listening(configuration.listen.sql, "listen.sql", () =>
    startSqlPort({
      listen: configuration.listen.sql,
      tls,
      configured: configuration.sqlUsers,
      users,
      audit: store.audit,
      engine,
      limits: sqlLimits.port,
      log,
      administration: newDatabaseAdministration(plane, warehouses.databases, users),
      copy: copy.administration,
    }),
  )
  running.sql = { host: configuration.listen.sql.host, port: sql.port }
  onStop(() => sql.close(sqlGraceMs))
  const http = await listening(configuration.listen.http, "listen.http", () =>
    serveHttp(app, configuration.listen.http, { ...defaultHttpLimits, ...configuration.httpLimits }),
  )
  onStop(() => http.close(httpGraceMs))
  const healthPort = await startHealth(configuration.listen.health, health, onStop)
  for (const exposure of exposures(configuration.listen)) log.warn({}, exposure)
  const launcher = newLauncher({ ...configuration, sources, warehouses, observe, waits: options.waits })
  const { cleanUpPatienceMs, retentionEveryMs } = options
  const reconciler = startReconciler({
    store: ownStore,
    launcher,
    log,
    owner: { owner: randomUUID(), host: await hostId(dataDir), hostName: hostname() },
    otherProblems: ({ sourceArn }) => copy.problemsOf(sourceArn),
    ...(cleanUpPatienceMs !== undefined && { cleanUpPatienceMs }),
  })
  running.reconciler = reconciler
  onStop(() => reconciler.stop())
  if (configuration.verifyEveryMs !== undefined) {
    const schedule = startVerificationSchedule({ store, log, everyMs: configuration.verifyEveryMs })
    onStop(async () => schedule.stop())
  }
  const { webhook } = configuration
  if (webhook !== undefined) {
    const told = startWebhook({ webhook, store: store.events, place: configuration, log })
    onStop(() => told.stop())
  }
  const retention = watchRetention({
    running: runningPipelines,
    read: retentionReader(sources),
    budgetOf: (arn) => sources.byArn(arn)?.retention,
    log,
    ...(retentionEveryMs !== undefined && { everyMs: retentionEveryMs }),
  })
  onStop(async () => retention.stop())
  const protection = protectSources({
    store: ownStore,
    running: runningPipelines,
    protect: sourceProtector(sources),
    log,
  })
  onStop(() => protection.stop())
  const remains = cleanSourceRemains({
    remains: ownStore.sourceRemains,
    clean: remainsCleaner(sources),
    log,
    ...(options.remainsEveryMs !== undefined && { everyMs: options.remainsEveryMs }),
  })
  onStop(async () => remains.stop())
  return {
    http: { host: http.host, port: http.port },
    sql: running.sql,
    ...(healthPort && { health: healthPort }),
    configuration,
    broken: broken.promise,
  }
}

function planeOf({
  account,
  region,
  sources,
  warehouses,
  kmsKeys,
}: Configuration): Omit<ControlPlane, "sourceEngines" | "sqlEndpoint" | "store" | "nudge"> {
  const named = kmsKeys.map(({ arn, aliases, enabled }) => ({ arn, aliases, enabled }))
  return { account, region, sources, warehouses, kmsKeys: named }
}

/** `ownStore`: connections that no call can take from those who do what was asked for. */
async function openState(
  configuration: Configuration,
  log: Log,
  onStop: OnStop,
): Promise<{ store: Store; ownStore: Store }> {
  let url = configuration.stateUrl
  if (url === undefined) {
    const embedded = await guardedPostgres(join(configuration.dataDir, "state"), log)
    onStop(() => embedded.stop())
    url = embedded.url
  }
  const store = await openStateStore(url, configuration, log)
  onStop(() => store.close())
  const ownStore = await openStateStore(url, configuration, log)
  onStop(() => ownStore.close())
  return { store, ownStore }
}

async function openAll(
  configuration: Configuration,
  registry: Engines["warehouses"],
  watch: WarehouseWatch,
): Promise<OpenWarehouses> {
  try {
    return await openWarehouses(configuration, registry, watch)
  } catch (error) {
    if (error instanceof SetupError) throw error
    const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error)
    throw new SetupError(`A warehouse cannot be opened: ${reason}`, { cause: error })
  }
}

async function countRows(
  plane: ControlPlane,
  warehouses: OpenWarehouses,
  { integrationId, destinationDatabase }: CountedDatabase,
): Promise<Map<string, number>> {
  const integration = await plane.store.integrations.byId(integrationId)
  const warehouse = integration === undefined ? undefined : warehouses.byArn(integration.targetArn)
  return (await warehouse?.countRows(destinationDatabase, integrationId)) ?? new Map()
}

/** The SQL port shows the first warehouse: what partners of another are authorised for is not there. */
async function databasesOf(store: Store, { warehouses }: Configuration, partner: string): Promise<string[]> {
  const [shown] = warehouses
  if (shown === undefined) return []
  return await databasesOfPartner(store.partners, shown.cluster, partner)
}

async function notReady(store: Store, reconciler: Reconciler | undefined): Promise<string | undefined> {
  if (reconciler?.ready !== true) return "the first reconciliation has not ended"
  try {
    await store.ping()
    return undefined
  } catch {
    return "the state database does not answer"
  }
}
