import type { Migration } from "../migrate.ts"
import { integrations } from "./0001-integrations.ts"
import { verifiedTables } from "./0002-verified-tables.ts"
import { governance } from "./0003-governance.ts"
import { databases } from "./0004-databases.ts"
import { sqlUsers } from "./0005-sql-users.ts"
import { history } from "./0006-history.ts"
import { copy } from "./0007-copy.ts"
import { pendingFilters } from "./0008-pending-filters.ts"
import { events } from "./0009-events.ts"
import { duplicates } from "./0010-duplicates.ts"
import { secrets } from "./0011-secrets.ts"
import { sourceRemains } from "./0012-source-remains.ts"
import { observations } from "./0013-observations.ts"
import { orders } from "./0014-orders.ts"
import { pipelineLeases } from "./0015-pipeline-leases.ts"
import { duties } from "./0016-duties.ts"
import { bucketEvents } from "./0017-bucket-events.ts"
import { leasePlaces } from "./0018-lease-places.ts"
import { requestBuckets } from "./0019-request-buckets.ts"
import { warehouseObservations } from "./0020-warehouse-observations.ts"
import { workers } from "./0021-workers.ts"
import { loadRuns } from "./0022-load-runs.ts"
import { copyRunners } from "./0023-copy-runners.ts"
import { apiKeys } from "./0024-api-keys.ts"
import { governedPeople } from "./0025-governed-people.ts"
import { governedSources } from "./0026-governed-sources.ts"
import { governedAccess } from "./0027-governed-access.ts"
import { reachedSources } from "./0028-reached-sources.ts"
import { governanceIntegrations } from "./0029-governance-integrations.ts"
import { resourceRequests } from "./0030-resource-requests.ts"
import { ownDatabases } from "./0031-own-databases.ts"
import { policyEnforcement } from "./0032-policy-enforcement.ts"
import { profiles } from "./0033-profiles.ts"
import { profileIdentity } from "./0034-profile-identity.ts"
import { profileFlows } from "./0035-profile-flows.ts"
import { profileEvents } from "./0036-profile-events.ts"
import { consoleSessions } from "./0037-console.ts"
import { governanceSecrets } from "./0038-governance-secrets.ts"
import { alerts } from "./0039-alerts.ts"
import { consoleGuesses } from "./0040-console-guesses.ts"

/** In order. A released migration is never edited; a change is a new one. */
export const migrations: readonly Migration[] = [
  integrations,
  verifiedTables,
  governance,
  databases,
  sqlUsers,
  history,
  copy,
  pendingFilters,
  events,
  duplicates,
  secrets,
  sourceRemains,
  observations,
  orders,
  pipelineLeases,
  duties,
  bucketEvents,
  leasePlaces,
  requestBuckets,
  warehouseObservations,
  workers,
  loadRuns,
  copyRunners,
  apiKeys,
  governedPeople,
  governedSources,
  governedAccess,
  reachedSources,
  governanceIntegrations,
  resourceRequests,
  ownDatabases,
  policyEnforcement,
  profiles,
  profileIdentity,
  profileFlows,
  profileEvents,
  consoleSessions,
  governanceSecrets,
  alerts,
  consoleGuesses,
]
