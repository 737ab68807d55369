import type { GuardedTable } from "../control-plane/databases/guarded-tables.ts"
import { systemViewFacts } from "../control-plane/databases/system-views.ts"
import type { StatusSources } from "../control-plane/pipelines/status.ts"
import type { SqlUsers } from "../control-plane/sql-users/sql-users.ts"
import type { Configuration } from "../domain/configuration.ts"
import type { Registry } from "../engines/registry.ts"
import type { SourceEngine } from "../engines/source-engine.ts"
import type { QueryEngine } from "../query/contract.ts"
import { systemViewTables } from "../query/system-views/system-views.ts"
import type { Log } from "../wire/http/log.ts"
import type { RunningCopy } from "./copy.ts"
import type { Engines } from "./registries.ts"
import type { SqlLimits } from "./sql-limits.ts"
import type { OpenWarehouses } from "./warehouses.ts"

export interface QueryParts {
  configuration: Pick<Configuration, "sources">
  sourceEngines: Registry<SourceEngine>
  warehouses: OpenWarehouses
  users: SqlUsers
  status: StatusSources
  copy: RunningCopy
  limits: SqlLimits
  /** Of the registry in use. */
  open: Engines["openQueries"]
  /** Tables of the warehouse's databases that can be read in the state Synced only. */
  guarded(): readonly GuardedTable[]
  log: Log
}

/** The query engine of the warehouse that the SQL port shows, with the system views. */
export function openQueries(parts: QueryParts): Promise<QueryEngine> {
  const { warehouses, status, copy, users, limits, log } = parts
  const { sourceEngines, configuration } = parts
  const facts = { ...status, sources: configuration.sources, sourceEngines, copy: copy.facts }
  return parts.open({
    instance: warehouses.queried,
    users,
    log,
    ...limits.engine,
    isReplicated: (database) => database !== "dev",
    guarded: parts.guarded,
    virtualTables: systemViewTables((kinds, wants) => systemViewFacts(facts, kinds, wants)),
  })
}
