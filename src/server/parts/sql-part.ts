import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { portCertificate } from "../../configuration/secrets/port-certificate.ts"
import { openOwnDatabases } from "../../control-plane/databases/own-databases.ts"
import { startGovernanceWatch } from "../../control-plane/governance/enforcement/governance-watch.ts"
import type { StatusSources } from "../../control-plane/pipelines/status.ts"
import type { Configuration, HostPort } from "../../domain/configuration.ts"
import { type PortTls, startSqlPort } from "../../front-doors/sql/sql-port.ts"
import { type StatementWatch, watchedQueries } from "../../query/watched-statements.ts"
import { errorFields } from "../../wire/http/log.ts"
import { newDatabaseAdministration } from "../database-administration.ts"
import { listening } from "../listening.ts"
import { openQueries } from "../queries.ts"
import type { QueriedEngine } from "../registries.ts"
import { sqlPortLimits } from "../sql-limits.ts"
import type { Base } from "./base.ts"
import { resourcePlane } from "./resources-part.ts"
import type { WarehousePart } from "./warehouse-part.ts"

const sqlGraceMs = 2_000

/** Enough for system views; there are no rows to join with them. */
const emptyEngineBytes = 2 ** 30

/** What sessions are opened on: the first warehouse, or an engine without rows. */
async function sessionsEngine(
  { configuration: { dataDir }, engines, onStop }: Base,
  { shown }: WarehousePart["warehouses"],
): Promise<QueriedEngine> {
  if (shown.kind === "queried") return shown.engine
  const folder = join(dataDir, "sql-port")
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const engine = await engines.openEmptyEngine(folder, emptyEngineBytes)
  onStop(() => engine.close())
  return engine
}

async function portTls(configuration: Configuration): Promise<PortTls> {
  const unencrypted = configuration.listen.tls?.unencrypted ?? "loopback"
  return { ...(await portCertificate(configuration)), unencrypted }
}

/** The role `sql`: the SQL port on the first warehouse. @throws SetupError */
export async function startSqlPart(
  base: Base,
  { warehouses, users, copy }: WarehousePart,
  { status, watch }: { status: StatusSources; watch: StatementWatch | undefined },
): Promise<HostPort> {
  const { configuration, engines, store, plane, local, log, onStop } = base
  const { listen } = configuration
  const tls = await portTls(configuration)
  const instance = await sessionsEngine(base, warehouses)
  const limits = await sqlPortLimits(configuration, instance.memoryLimitBytes)
  const governance = await startGovernanceWatch({
    store: store.governance,
    onError: (error) => log.warn(errorFields(error), "the policies could not be read again"),
  })
  onStop(() => governance.stop())
  const resources = resourcePlane(base)
  const written =
    warehouses.shown.kind === "queried" ? await openOwnDatabases(store, warehouses.databases) : undefined
  const queries = await openQueries({
    resources,
    written,
    governance,
    store,
    configuration,
    sourceEngines: engines.sources,
    instance,
    shown: warehouses.shown,
    users,
    status,
    copy,
    limits,
    log,
    open: engines.openQueries,
    guarded: () => local.reconciler?.guarded(warehouses.databases.warehouseArn) ?? [],
  })
  const port = await listening(listen.sql, "listen.sql", () =>
    startSqlPort({
      listen: listen.sql,
      tls,
      configured: configuration.sqlUsers,
      users,
      audit: store.audit,
      engine: watch === undefined ? queries : watchedQueries(queries, watch),
      limits: limits.port,
      log,
      administration: newDatabaseAdministration(
        plane,
        { own: warehouses.databases, others: warehouses.otherDatabases, written },
        users,
      ),
      copy: copy.administration,
      resources,
    }),
  )
  base.reloads.onApply(async () => port.renewTls(await portTls(configuration)))
  onStop(() => port.close(sqlGraceMs))
  return { host: listen.sql.host, port: port.port }
}
