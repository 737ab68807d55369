import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { hostId } from "../../configuration/host-id.ts"
import { startWebhook } from "../../control-plane/events/webhook.ts"
import { startVerificationSchedule } from "../../control-plane/pipelines/verification-schedule.ts"
import { startReconciler } from "../../control-plane/reconciler/reconcile.ts"
import { protectSources } from "../../control-plane/reconciler/source-protection.ts"
import { cleanSourceRemains } from "../../control-plane/reconciler/source-remains.ts"
import { watchRetention } from "../../control-plane/running-pipelines/retention-watch.ts"
import type { Waits } from "../../replication/waits.ts"
import type { WriteObserver } from "../../replication/write-order.ts"
import type { Store } from "../../state/store.ts"
import { newLauncher, remainsCleaner, retentionReader, sourceProtector } from "../launcher.ts"
import { openStateStore } from "../state-database.ts"
import type { Base } from "./base.ts"
import type { WarehousePart } from "./warehouse-part.ts"

export interface WorkerOptions {
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

/** The role `worker`: the pipelines, and what is done by itself besides them. @throws SetupError */
export async function startWorkerPart(
  base: Base,
  part: WarehousePart,
  ownStore: Store,
  options: WorkerOptions,
): Promise<void> {
  await startPipelines(base, part, ownStore, options)
  startRepeatedWork(base)
  watchSources(base, ownStore, options)
}

/** Connections that no call can take from those who do what was asked for. @throws SetupError */
export async function openOwnStore({ stateUrl, configuration, log, onStop }: Base): Promise<Store> {
  const ownStore = await openStateStore(stateUrl, configuration, log)
  onStop(() => ownStore.close())
  return ownStore
}

async function startPipelines(
  { configuration, sources, local, log, onStop }: Base,
  { warehouses, copy }: WarehousePart,
  store: Store,
  { observe = () => undefined, waits, cleanUpPatienceMs }: WorkerOptions,
): Promise<void> {
  const { dataDir, kmsKeys } = configuration
  const reconciler = startReconciler({
    store,
    launcher: newLauncher({ sources, warehouses, dataDir, kmsKeys, observe, waits }),
    log,
    owner: { owner: randomUUID(), host: await hostId(dataDir), hostName: hostname() },
    otherProblems: ({ sourceArn }) => copy.problemsOf(sourceArn),
    ...(cleanUpPatienceMs !== undefined && { cleanUpPatienceMs }),
  })
  local.reconciler = reconciler
  onStop(() => reconciler.stop())
}

function startRepeatedWork({ configuration, store, log, onStop }: Base): void {
  const { verifyEveryMs, webhook } = configuration
  if (verifyEveryMs !== undefined) {
    const schedule = startVerificationSchedule({ store, log, everyMs: verifyEveryMs })
    onStop(async () => schedule.stop())
  }
  if (webhook !== undefined) {
    const told = startWebhook({ webhook, store: store.events, place: configuration, log })
    onStop(() => told.stop())
  }
}

function watchSources(
  { sources, local, log, onStop }: Base,
  store: Store,
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
  const protection = protectSources({ store, running, protect: sourceProtector(sources), log })
  onStop(() => protection.stop())
  const remains = cleanSourceRemains({
    remains: store.sourceRemains,
    clean: remainsCleaner(sources),
    log,
    ...(remainsEveryMs !== undefined && { everyMs: remainsEveryMs }),
  })
  onStop(async () => remains.stop())
}
