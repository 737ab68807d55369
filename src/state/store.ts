import { sql } from "kysely"
import { settledUrl } from "../connections/pg-client.ts"
import { type AuditRetention, usualAuditRetention } from "../domain/audit.ts"
import { type IntegrationQuotas, integrationQuotas } from "../domain/integration.ts"
import type { KeptKeys } from "../encryption/kept-key.ts"
import { type AlertStore, alertStore } from "./alerts/alerts.ts"
import { type AuditStore, auditStore } from "./audit.ts"
import { connectState } from "./connection.ts"
import { type GuessStore, guessStore } from "./console/guesses.ts"
import { type ConsoleSessionStore, consoleSessionStore } from "./console/sessions.ts"
import { type BucketEventStore, bucketEventStore } from "./copy/bucket-events.ts"
import { type LoadRunStore, loadRunStore } from "./copy/load-runs.ts"
import { type CopyJobStore, copyJobStore } from "./copy-jobs.ts"
import { type DatabaseStore, databaseStore } from "./databases.ts"
import { type EventStore, eventStore } from "./events.ts"
import { type ApiKeyStore, apiKeyStore } from "./governance/api-keys.ts"
import { type EnforcementStore, enforcementStore } from "./governance/enforcement.ts"
import {
  type GovernedIntegrationStore,
  governedIntegrationStore,
} from "./governance/governed-integrations.ts"
import { type GovernanceStore, governanceStore } from "./governance/store.ts"
import { type HistoryStore, historyStore } from "./history.ts"
import { type IntegrationStore, integrationStore } from "./integrations/integrations.ts"
import { type OwnDatabaseStore, ownDatabaseStore } from "./integrations/own-databases.ts"
import { type LeaseStore, leaseStore } from "./leases.ts"
import { type LoadErrorStore, loadErrorStore } from "./load-errors.ts"
import { migrate } from "./migrate.ts"
import { migrations } from "./migrations/all.ts"
import { type PartnerStore, partnerStore } from "./partners.ts"
import { type ObservationStore, observationStore } from "./pipelines/observations.ts"
import { type OrderStore, orderStore } from "./pipelines/orders.ts"
import { type PipelineStore, pipelineStore } from "./pipelines.ts"
import { type DutyStore, dutyStore } from "./processes/duties.ts"
import { type KnownProcesses, knownProcesses } from "./processes/known-processes.ts"
import { type RequestBuckets, requestBuckets } from "./processes/request-buckets.ts"
import { newSignals, type Signals } from "./processes/signals.ts"
import { type WarehouseObservations, warehouseObservations } from "./processes/warehouse-observations.ts"
import { type WorkerStore, workerStore } from "./processes/workers.ts"
import { type ProfileEventStore, profileEventStore } from "./profile-events/event-store.ts"
import { type FlowStores, flowStores } from "./profile-flows/flow-stores.ts"
import { type IdentityStore, identityStore } from "./profile-identity/identity-store.ts"
import { type ProfileStore, profileStore } from "./profiles/profile-store.ts"
import { type ResourcePolicyStore, resourcePolicyStore } from "./resource-policies.ts"
import { type RequestStore, requestStore } from "./resources/requests.ts"
import { type SourceRemainsStore, sourceRemainsStore } from "./source-remains.ts"
import { type SqlUserStore, sqlUserStore } from "./sql-users.ts"
import { type TableStore, tableStore } from "./tables.ts"
import { type TagStore, tagStore } from "./tags.ts"

/** The state database: what should be (integrations) and what was last known to be (pipelines, tables). */
export interface Store extends FlowStores {
  integrations: IntegrationStore
  databases: DatabaseStore
  ownDatabases: OwnDatabaseStore
  history: HistoryStore
  events: EventStore
  pipelines: PipelineStore
  observations: ObservationStore
  orders: OrderStore
  signals: Signals
  leases: LeaseStore
  workers: WorkerStore
  knownProcesses: KnownProcesses
  duties: DutyStore
  requestBuckets: RequestBuckets
  warehouseObservations: WarehouseObservations
  sourceRemains: SourceRemainsStore
  tables: TableStore
  partners: PartnerStore
  resourcePolicies: ResourcePolicyStore
  tags: TagStore
  audit: AuditStore
  sqlUsers: SqlUserStore
  copyJobs: CopyJobStore
  bucketEvents: BucketEventStore
  loadErrors: LoadErrorStore
  loadRuns: LoadRunStore
  apiKeys: ApiKeyStore
  consoleSessions: ConsoleSessionStore
  consoleGuesses: GuessStore
  alerts: AlertStore
  governance: GovernanceStore
  governedIntegrations: GovernedIntegrationStore
  resourceRequests: RequestStore
  policyEnforcement: EnforcementStore
  profiles: ProfileStore
  profileIdentity: IdentityStore
  profileEvents: ProfileEventStore
  /** Resolves when the database answers; throws otherwise. */
  ping(): Promise<void>
  close(): Promise<void>
}

export interface StoreOptions {
  /** Told when an idle connection breaks; the next call opens a new one by itself. Default: nothing. */
  onIdleError?: (error: Error) => void
  /** Default: the cloud's figures. */
  quotas?: IntegrationQuotas
  auditRetention?: AuditRetention
  /** Of the secrets of policies; absent: where there are any, they cannot be read. */
  secretKeys?: KeptKeys
  /** How long to wait for a server that went silent. Default 20 s, above the server's own limit for a statement. */
  answerTimeoutMs?: number
}

const leaseAnswerMs = 2_000
/** To find out whether the server wants TLS, where the url leaves that open. */
const settleLimitMs = 5_000

/**
 * Connects, and brings the schema up to date. Safe when several start at once.
 *
 * @throws Fault unavailable when the server does not answer; Error when a newer Millrace made the database.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  return await openSettled(await settledUrl(url, settleLimitMs), options)
}

async function openSettled(url: string, options: StoreOptions): Promise<Store> {
  const onIdleError = options.onIdleError ?? (() => undefined)
  const db = connectState(url, { onIdleError, answerTimeoutMs: options.answerTimeoutMs ?? 20_000 })
  try {
    await migrate(db, migrations)
  } catch (error) {
    await db.destroy()
    throw error
  }
  const signals = newSignals(url, db, onIdleError)
  // A lease that is prolonged too late is lost: nothing else may hold its connection, and it is not waited for for long.
  const leaseDb = connectState(url, { onIdleError, answerTimeoutMs: leaseAnswerMs })
  // A call waits for it before anything else, and is counted without it when it does not answer.
  const callDb = connectState(url, { onIdleError, answerTimeoutMs: leaseAnswerMs })
  // Writers of one domain wait for one another, and must not hold the connections that everything else needs meanwhile.
  const profileDb = connectState(url, { onIdleError, answerTimeoutMs: options.answerTimeoutMs ?? 20_000 })
  return {
    integrations: integrationStore(db, options.quotas ?? integrationQuotas),
    databases: databaseStore(db),
    ownDatabases: ownDatabaseStore(db),
    history: historyStore(db),
    events: eventStore(db),
    pipelines: pipelineStore(db),
    observations: observationStore(db),
    orders: orderStore(db),
    signals,
    leases: leaseStore(leaseDb),
    workers: workerStore(leaseDb),
    knownProcesses: knownProcesses(db),
    duties: dutyStore(leaseDb),
    requestBuckets: requestBuckets(callDb),
    warehouseObservations: warehouseObservations(db),
    sourceRemains: sourceRemainsStore(db),
    tables: tableStore(db),
    partners: partnerStore(db),
    resourcePolicies: resourcePolicyStore(db),
    tags: tagStore(db),
    audit: auditStore(db, options.auditRetention ?? usualAuditRetention),
    sqlUsers: sqlUserStore(db),
    copyJobs: copyJobStore(db),
    bucketEvents: bucketEventStore(db),
    loadErrors: loadErrorStore(db),
    loadRuns: loadRunStore(db),
    apiKeys: apiKeyStore(db),
    consoleSessions: consoleSessionStore(db),
    consoleGuesses: guessStore(callDb),
    alerts: alertStore(db),
    governance: governanceStore(db, options.secretKeys),
    governedIntegrations: governedIntegrationStore(db),
    resourceRequests: requestStore(db),
    policyEnforcement: enforcementStore(db),
    profiles: profileStore(profileDb),
    profileIdentity: identityStore(db),
    ...flowStores(db),
    profileEvents: profileEventStore(db),
    ping: () => ping(db),
    close: () => closeAll(signals, [db, leaseDb, callDb, profileDb]),
  }
}

async function ping(db: ReturnType<typeof connectState>): Promise<void> {
  await sql`select 1`.execute(db)
}

async function closeAll(signals: Signals, pools: readonly ReturnType<typeof connectState>[]): Promise<void> {
  await signals.close()
  await Promise.all(pools.map((one) => one.destroy()))
}
