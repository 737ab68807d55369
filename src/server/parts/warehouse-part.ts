import { hostId } from "../../configuration/host-id.ts"
import { SetupError } from "../../configuration/setup-error.ts"
import { databasesOfPartner } from "../../control-plane/partners.ts"
import type { CountedDatabase } from "../../control-plane/pipelines/status.ts"
import { openSqlUsers, type SqlUsers } from "../../control-plane/sql-users/sql-users.ts"
import type { Configuration } from "../../domain/configuration.ts"
import type { Store } from "../../state/store.ts"
import { errorFields } from "../../wire/http/log.ts"
import { type RunningCopy, startCopy } from "../copy.ts"
import type { Engines } from "../registries.ts"
import { loadSources, type Sources } from "../sources.ts"
import type { WarehouseWatch } from "../warehouse-watch.ts"
import { type OpenWarehouses, openWarehouses } from "../warehouses.ts"
import type { Base } from "./base.ts"

/** What the roles `sql` and `worker` have in common: the adapters of the sources, the open warehouses, the SQL users, and COPY. */
export interface WarehousePart {
  sources: Sources
  warehouses: OpenWarehouses
  users: SqlUsers
  copy: RunningCopy
  /** Rows of the live tables of one destination database, by `tableKey`. Throws Problem. */
  countRows(database: CountedDatabase): Promise<Map<string, number>>
  /** Resolves, with the reason, when only a new process can go on. */
  broken: Promise<string>
}

/** @throws SetupError */
export async function openWarehousePart(base: Base): Promise<WarehousePart> {
  const { configuration, engines, store, log, onStop } = base
  const sources = await loadSources(engines.sources, configuration.sources)
  base.reloads.onPrepare((next) => sources.load(next.sources))
  const broken = Promise.withResolvers<string>()
  const warehouses = await openAll(configuration, engines.warehouses, { log, onBroken: broken.resolve })
  onStop(() => warehouses.close())
  const users = await openSqlUsers({
    store: store.sqlUsers,
    configured: configuration.sqlUsers,
    audit: { store: store.audit, log },
    databasesOfPartner: (partner) => databasesOf(store, configuration, partner),
    onRefreshError: (error) => log.warn(errorFields(error), "users and grants could not be read again"),
  })
  onStop(async () => users.stop())
  base.reloads.onApply(users.configuredAnew)
  const host = await hostId(configuration.dataDir)
  const copy = startCopy({ configuration, sources, store, warehouses, users, host, log })
  onStop(() => copy.stop())
  return {
    sources,
    warehouses,
    users,
    copy,
    countRows: (database) => countRows(store, warehouses, database),
    broken: broken.promise,
  }
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
  store: Store,
  warehouses: OpenWarehouses,
  { integrationId, destinationDatabase }: CountedDatabase,
): Promise<Map<string, number>> {
  const integration = await store.integrations.byId(integrationId)
  const warehouse = integration === undefined ? undefined : warehouses.byArn(integration.targetArn)
  return (await warehouse?.countRows(destinationDatabase, integrationId)) ?? new Map()
}

/** The SQL port shows the first warehouse: what partners of another are authorised for is not there. */
async function databasesOf(store: Store, { warehouses }: Configuration, partner: string): Promise<string[]> {
  const [shown] = warehouses
  if (shown === undefined) return []
  return await databasesOfPartner(store.partners, shown.cluster, partner)
}
