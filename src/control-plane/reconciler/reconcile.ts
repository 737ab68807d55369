import { within } from "../../concurrency/deadline.ts"
import { newNudgedTask } from "../../concurrency/nudged-task.ts"
import type { Integration } from "../../domain/integration.ts"
import { isCurable, type Problem } from "../../domain/problems.ts"
import type { DatabaseRecord } from "../../state/databases.ts"
import { LeaseLost, type LeaseOwner } from "../../state/leases.ts"
import type { GuardedTable } from "../databases/guarded-tables.ts"
import { newCarryOut } from "../running-pipelines/carry-out.ts"
import { guardedTables } from "../running-pipelines/guarded.ts"
import { type Observer, startObserver } from "../running-pipelines/observer.ts"
import { type OrderTaker, startOrderTaker } from "../running-pipelines/order-taker.ts"
import { remediate } from "../running-pipelines/remediation.ts"
import {
  adjust,
  follow,
  type LaunchOptions,
  launch,
  type RunningPipeline,
  recordOf,
} from "../running-pipelines/running-pipeline.ts"
import { newVerification } from "../running-pipelines/verify-order.ts"
import { newOwnedPipelines, type OwnedPipelines } from "./owned-pipelines.ts"
import { report } from "./report.ts"
import { type Endings, keyOf, newEndings } from "./teardown.ts"

export interface ReconcilerOptions extends Omit<LaunchOptions, "nudge"> {
  owner: LeaseOwner
  /** What hinders an integration besides its pipelines. */
  otherProblems(integration: Integration): Problem[]
  /** How long a deletion waits for a source that is gone; its slot is then named in the log. Default 60 s. */
  cleanUpPatienceMs?: number
  /** How often everything is looked at without being asked. Default 1 s. */
  turnEveryMs?: number | undefined
}

export interface Reconciler {
  /** Look now rather than at the next turn. */
  nudge(): void
  running(): RunningPipeline[]
  /** Tables of a warehouse that may be read in the state Synced only, of pipelines that run here. */
  guarded(warehouseArn: string): GuardedTable[]
  /** Whether a turn has ended well since the start. */
  readonly ready: boolean
  /** Resolves when what is so now is written where every process reads it. Throws Fault unavailable. */
  observe(): Promise<void>
  /** Stops every pipeline. */
  stop(): Promise<void>
}

const usualTurnEveryMs = 1_000
const usualCleanUpPatienceMs = 60_000
/** Whatever the turn at hand waits for must not keep the process from stopping. */
const turnStopLimitMs = 3_000

/**
 * Makes what is be what should be: reads the integrations, and starts, stops and cleans pipelines. It takes no input,
 * so that the way after a crash is the usual way.
 */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { store, owner, log, turnEveryMs = usualTurnEveryMs } = options
  const owned = newOwnedPipelines({ leases: store.leases, owner, log, nudge: () => nudge() })
  const { running } = owned
  const patienceMs = options.cleanUpPatienceMs ?? usualCleanUpPatienceMs
  const endings = newEndings({ ...options, owned, patienceMs })
  const { observer, taker } = tellAndTake(options, () => [...running.values()])
  const turn: Turn = { ...options, owned, endings, observer, nudge: () => nudge() }
  let ready = false
  const turns = newNudgedTask({
    everyMs: turnEveryMs,
    async work() {
      await reconcile(turn)
      ready = true
    },
    onError: (error) => log.error({ err: error }, "reconciling failed; trying again"),
  })
  const { nudge } = turns
  nudge()
  store.signals.onWanted(nudge)
  return {
    nudge,
    running: () => [...running.values()],
    guarded: (warehouseArn) => guardedTables([...running.values()], warehouseArn),
    observe: observer.flush,
    get ready() {
      return ready
    },
    async stop() {
      await within(turnStopLimitMs, Promise.all([turns.stop(), taker.stop()]))
      await owned.close()
      await observer.stop()
    },
  }
}

/** What others see of the pipelines that run here, and ask of them. */
function tellAndTake(
  { store, owner: { owner }, log }: ReconcilerOptions,
  running: () => RunningPipeline[],
): { observer: Observer; taker: OrderTaker } {
  const observer = startObserver({ observations: store.observations, running, owner, log })
  const carryOut = newCarryOut({ databases: store.databases, verify: newVerification(log) })
  const { orders, signals } = store
  return { observer, taker: startOrderTaker({ orders, signals, running, owner, observer, carryOut, log }) }
}

interface Turn extends ReconcilerOptions {
  owned: OwnedPipelines
  endings: Endings
  observer: Observer
  nudge(): void
}

async function reconcile(turn: Turn): Promise<void> {
  const { owned } = turn
  await owned.settle()
  const integrations = await turn.store.integrations.all()
  const failures: unknown[] = []
  for (const integration of integrations) {
    // One that cannot be brought on must not hold up the others.
    await bring(turn, integration).catch((error: unknown) => {
      if (error instanceof LeaseLost) owned.lost(error.lease)
      else failures.push(error)
    })
  }
  const wanted = new Set(integrations.map((integration) => integration.id))
  for (const [key, one] of owned.running) {
    if (!wanted.has(one.monitor.record.integrationId)) await owned.release(key)
  }
  if (failures.length > 0) throw failures[0]
}

async function bring(turn: Turn, integration: Integration): Promise<void> {
  switch (integration.status) {
    case "deleting":
      return await finishDeletion(turn, integration)
    case "failed":
      if (isCurable(integration.errors)) return await bringUp(turn, integration)
      // A failed integration without a cure can only be deleted. Until then its source must retain no log for it.
      await windDown(turn, integration)
      return
    default:
      return await bringUp(turn, integration)
  }
}

async function bringUp(turn: Turn, integration: Integration): Promise<void> {
  const databases = await turn.store.databases.ofIntegration(integration.id)
  const occupied = await endDropped(turn, integration, databases)
  for (const database of databases) {
    const key = keyOf(recordOf(database))
    await stopOutdated(turn, key, database)
    const one = turn.owned.running.get(key)
    if (one === undefined && !occupied.has(database.sourceDatabase)) {
      const place = turn.launcher.place(integration, recordOf(database))
      await turn.owned.start(key, place, (lease) => launch(turn, { integration, database, lease }))
    } else if (one !== undefined) {
      follow(one, integration)
      adjust(one, database)
    }
  }
  const mine = [...turn.owned.running.values()].filter(
    ({ monitor }) => monitor.record.integrationId === integration.id,
  )
  for (const one of mine) remediate(one, turn.log)
  const others = turn.otherProblems(integration)
  const isWhole = databases.every(
    (one) => occupied.has(one.sourceDatabase) || turn.owned.running.has(keyOf(recordOf(one))),
  )
  await report(turn.store, turn.observer, {
    integration,
    mine,
    isWhole,
    isEnding: occupied.size > 0,
    others,
  })
}

/**
 * Ends the pipelines whose destination database was dropped. Returns the source databases whose old pipeline has not
 * ended yet: no new pipeline may start on those.
 */
async function endDropped(
  turn: Turn,
  integration: Integration,
  databases: readonly DatabaseRecord[],
): Promise<Set<string>> {
  const occupied = new Set<string>()
  for (const record of await turn.store.pipelines.ofIntegration(integration.id)) {
    const isWanted = databases.some(
      (one) => one.sourceDatabase === record.sourceDatabase && one.name === record.destinationDatabase,
    )
    if (isWanted || (await turn.endings.end(integration, record, "dropped"))) continue
    occupied.add(record.sourceDatabase)
  }
  return occupied
}

/**
 * Stops a pipeline whose ACCEPTINVCHARS option has changed: the option is fixed when a connection to the source is
 * opened, so that the next start applies it.
 */
async function stopOutdated({ owned }: Turn, key: string, { options }: DatabaseRecord): Promise<void> {
  const one = owned.running.get(key)
  if (one !== undefined && one.acceptsInvalidCharacters !== options.acceptInvalidCharacters)
    await owned.release(key)
}

/** Ends the integration's pipelines, then removes its record. Its destination databases stay. */
async function finishDeletion(turn: Turn, integration: Integration): Promise<void> {
  if (!(await windDown(turn, integration))) return
  await turn.store.integrations.remove(integration.id)
  turn.log.info({ integration: integration.id }, "integration deleted")
}

/**
 * Ends the integration's pipelines and removes what the source keeps for them. False: not all of that is done, try
 * again at the next turn.
 */
async function windDown(turn: Turn, integration: Integration): Promise<boolean> {
  for (const record of await turn.store.pipelines.ofIntegration(integration.id))
    if (!(await turn.endings.end(integration, record, "kept"))) return false
  return true
}
