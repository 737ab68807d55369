import type { GuardedTable } from "../control-plane/databases/guarded-tables.ts"
import type { OwnDatabases } from "../control-plane/databases/own-databases.ts"
import { systemViewFacts } from "../control-plane/databases/system-views.ts"
import type { GovernanceWatch } from "../control-plane/governance/enforcement/governance-watch.ts"
import { readPolicy } from "../control-plane/governance/enforcement/read-policy.ts"
import type { StatusSources } from "../control-plane/pipelines/status.ts"
import type { SqlUsers } from "../control-plane/sql-users/sql-users.ts"
import type { Configuration } from "../domain/configuration.ts"
import type { Registry } from "../engines/registry.ts"
import type { SourceEngine } from "../engines/source-engine.ts"
import type { QueryEngine } from "../query/contract.ts"
import { directQueries } from "../query/direct-queries.ts"
import { flowTables } from "../query/profile-tables/flow-tables.ts"
import { profileTables } from "../query/profile-tables/profile-tables.ts"
import { withResourceDatabase } from "../query/resource-tables/resource-database.ts"
import { resourceTables } from "../query/resource-tables/resource-tables.ts"
import { systemViewTables } from "../query/system-views/system-views.ts"
import type { ResourcePlane } from "../resources/requests/context.ts"
import type { Store } from "../state/store.ts"
import type { Log } from "../wire/http/log.ts"
import type { RunningCopy } from "./copy.ts"
import type { Engines, QueriedEngine } from "./registries.ts"
import type { SqlLimits } from "./sql-limits.ts"
import type { ShownWarehouse } from "./warehouses.ts"

export interface QueryParts {
  configuration: Pick<Configuration, "sources">
  sourceEngines: Registry<SourceEngine>
  /** What sessions are opened on. */
  instance: QueriedEngine
  shown: ShownWarehouse
  users: SqlUsers
  status: StatusSources
  copy: RunningCopy
  resources: ResourcePlane
  limits: SqlLimits
  /** Of the registry in use. */
  open: Engines["openQueries"]
  /** Tables of the warehouse's databases that can be read in the state Synced only. */
  guarded(): readonly GuardedTable[]
  /** Databases that people have made, and may write. */
  written: OwnDatabases | undefined
  governance: GovernanceWatch
  store: Pick<Store, "governance" | "profiles" | "flowRuns" | "deadLetters">
  log: Log
}

/** The query engine of the warehouse that the SQL port shows, or of none, with the system views. */
export async function openQueries(parts: QueryParts): Promise<QueryEngine> {
  const { instance, shown, status, copy, users, limits, log } = parts
  const { sourceEngines, configuration } = parts
  const facts = { ...status, sources: configuration.sources, sourceEngines, copy: copy.facts }
  const opened = await parts.open({
    instance,
    users,
    log,
    ...limits.engine,
    isReplicated: (database) =>
      shown.kind === "direct" || (database !== "dev" && parts.written?.has(database) !== true),
    guarded: parts.guarded,
    policies: { now: parts.governance.now, readPolicy, store: parts.store.governance },
    virtualTables: [
      ...systemViewTables((kinds, wants) => systemViewFacts(facts, kinds, wants)),
      ...resourceTables(parts.resources),
      ...profileTables(parts.store.profiles),
      ...flowTables(parts.store),
    ],
  })
  const queries = withResourceDatabase(opened, users)
  if (shown.kind === "queried") return queries
  const { title, address } = shown
  return directQueries(queries, { title, where: `${address.host}:${address.port}` })
}
