import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { within } from "../../concurrency/deadline.ts"
import { hostId } from "../../configuration/host-id.ts"
import { startAlerts } from "../../control-plane/alerts/duty.ts"
import { type Duties, startDuties } from "../../control-plane/duties/duties.ts"
import { startWebhook } from "../../control-plane/events/webhook.ts"
import { enforcementProblems } from "../../control-plane/governance/enforcement/enforcement-problems.ts"
import { startVerificationSchedule } from "../../control-plane/pipelines/verification-schedule.ts"
import { watchReach } from "../../control-plane/reconciler/reach.ts"
import { startReconciler } from "../../control-plane/reconciler/reconcile.ts"
import { protectSources } from "../../control-plane/reconciler/source-protection.ts"
import { cleanSourceRemains } from "../../control-plane/reconciler/source-remains.ts"
import { watchRetention } from "../../control-plane/running-pipelines/retention-watch.ts"
import { startWarehouseObserver } from "../../control-plane/running-pipelines/warehouse-observer.ts"
import { startDelivery } from "../../profiles/events/delivery/deliver.ts"
import { startExpiry } from "../../profiles/expiry.ts"
import { startIdentityJobs } from "../../profiles/identity/batch/identity-jobs.ts"
import { startMatching } from "../../profiles/identity/matching/run-matching.ts"
import type { Waits } from "../../replication/waits.ts"
import type { WriteObserver } from "../../replication/write-order.ts"
import type { LeaseOwner } from "../../state/leases.ts"
import type { Store } from "../../state/store.ts"
import { newLauncher, remainsCleaner, retentionReader, sourceAsker, sourceProtector } from "../launcher.ts"
import type { Sources } from "../sources.ts"
import { openStateStore } from "../state-database.ts"
import type { Base } from "./base.ts"
import { applyPolicies } from "./policies-part.ts"
import { runProfileFlows } from "./profile-flows.ts"
import type { WarehousePart } from "./warehouse-part.ts"

export interface WorkerOptions {
  /** Told each point of the write order as it is passed; tests kill the process there. */
  observe?: WriteObserver
  /** See ReconcilerOptions; tests do not wait as long as people would. */
  cleanUpPatienceMs?: number
  /** As above. */
  turnEveryMs?: number
  /** See SourceRemainsOptions; as above. */
  remainsEveryMs?: number
  /** See RetentionWatchOptions; as above. */
  retentionEveryMs?: number
  /** As above. */
  waits?: Partial<Waits>
}

const countingStopMs = 1_000

/** The role `worker`: the pipelines, and what is done by itself besides them. @throws SetupError */
export async function startWorkerPart(
  base: Base,
  part: WarehousePart,
  ownStore: Store,
  options: WorkerOptions,
): Promise<void> {
  const host = await hostId(base.configuration.dataDir)
  const owner = { owner: randomUUID(), host, hostName: hostname(), processId: process.pid }
  const worker: Worker = { ...base, owner, ownStore }
  startPipelines(worker, part, options)
  const duties = startDuties({ duties: ownStore.duties, owner, log: base.log })
  base.onStop(() => duties.stop())
  addRepeatedWork(worker, duties)
  await part.copy.runJobs(duties)
  await runProfileFlows(base, { sources: part.sources, store: ownStore, duties })
  await applyPolicies(worker, part.warehouses, duties)
  watchSources(worker, part.sources, duties, options)
  const seen = startWarehouseObserver({
    observations: ownStore.warehouseObservations,
    running: () => base.local.reconciler?.running() ?? [],
    warehouses: () => part.warehouses.facts(),
    countRows: part.countRows,
    log: base.log,
  })
  // Counting a large database is not waited for.
  base.onStop(async () => void (await within(countingStopMs, seen.stop())))
}

interface Worker extends Base {
  owner: LeaseOwner
  ownStore: Store
}

/** Connections that no call can take from those who do what was asked for. @throws SetupError */
export async function openOwnStore({ stateUrl, configuration, log, onStop }: Base): Promise<Store> {
  const ownStore = await openStateStore(stateUrl, configuration, log)
  onStop(() => ownStore.close())
  return ownStore
}

function startPipelines(
  { configuration, local, owner, ownStore: store, log, onStop, reloads }: Worker,
  { sources, warehouses, copy }: WarehousePart,
  { observe = () => undefined, waits, cleanUpPatienceMs, turnEveryMs }: WorkerOptions,
): void {
  const { dataDir, kmsKeys } = configuration
  const reconciler = startReconciler({
    store,
    launcher: newLauncher({ sources, warehouses, dataDir, kmsKeys, observe, waits }),
    log,
    owner,
    reach: (onChange) =>
      watchReach({ warehouses: warehouses.servers, askSource: sourceAsker(sources), log, onChange }),
    otherProblems: async (integration) => [
      ...(await copy.problemsOf(integration)),
      ...(warehouses.policyServers.has(integration.targetArn)
        ? await enforcementProblems(store, integration)
        : []),
    ],
    turnEveryMs,
    ...(cleanUpPatienceMs !== undefined && { cleanUpPatienceMs }),
  })
  local.reconciler = reconciler
  reloads.onApply(reconciler.nudge)
  onStop(() => reconciler.stop())
}

/** What is done by one worker of all. */
function addRepeatedWork({ configuration, store, log }: Base, duties: Duties): void {
  const { verifyEveryMs: everyMs, webhook } = configuration
  if (everyMs !== undefined)
    duties.add("verification schedule", (held) => startVerificationSchedule({ store, log, held, everyMs }))
  if (webhook !== undefined) {
    const parts = { webhook, store: store.events, place: configuration, log }
    duties.add("webhook", (held) => startWebhook({ ...parts, held }))
  }
  const rules = () => configuration.alerts
  duties.add("alerts", (held) => startAlerts({ store, configuration: rules, log, held }))
  const { profiles, profileIdentity: identity } = store
  duties.add("profile matching", (held) => startMatching({ profiles, identity, held, log }))
  duties.add("identity resolution jobs", (held) => startIdentityJobs({ profiles, identity, held, log }))
  duties.add("profile expiry", (held) => startExpiry({ profiles, held, log }))
  const delivery = {
    profiles,
    outbox: store.profileEvents.outbox,
    webhooks: configuration.profileWebhooks,
    log,
  }
  duties.add("profile events", (held) => startDelivery({ ...delivery, held }))
}

function watchSources(
  { local, owner, ownStore: store, log, onStop }: Worker,
  sources: Sources,
  duties: Duties,
  { retentionEveryMs, remainsEveryMs }: WorkerOptions,
): void {
  const running = () => local.reconciler?.running() ?? []
  const retention = watchRetention({
    running,
    read: retentionReader(sources),
    budgetOf: (arn) => sources.byArn(arn)?.retention,
    log,
    ...(retentionEveryMs !== undefined && { everyMs: retentionEveryMs }),
  })
  onStop(async () => retention.stop())
  // It has no work of its own: protectSources asks who has it.
  duties.add("source protection", () => ({ stop: async () => undefined }))
  const protection = protectSources({
    store,
    owner: owner.owner,
    hasUnowned: () => duties.isHeld("source protection"),
    running,
    protect: sourceProtector(sources),
    configured: sources.byArn,
    log,
  })
  onStop(() => protection.stop())
  const remains = { remains: store.sourceRemains, clean: remainsCleaner(sources), log }
  duties.add("source remains", (held) => cleanSourceRemains({ ...remains, held, everyMs: remainsEveryMs }))
}
