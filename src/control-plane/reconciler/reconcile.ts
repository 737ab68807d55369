import { atMost, within } from "../../concurrency/deadline.ts"
import { newNudgedTask } from "../../concurrency/nudged-task.ts"
import { newWorkByKey, type WorkByKey } from "../../concurrency/work-by-key.ts"
import type { Integration } from "../../domain/integration.ts"
import { isCurable, type Problem } from "../../domain/problems.ts"
import type { DatabaseRecord } from "../../state/databases.ts"
import { LeaseLost, type LeaseOwner } from "../../state/leases.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"
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
import { type Look, newPlaces, type Places } from "./places.ts"
import type { Reach } from "./reach.ts"
import { report } from "./report.ts"
import { newSourceDoubts, type SourceDoubts } from "./source-doubts.ts"
import { type Endings, keyOf, newEndings } from "./teardown.ts"
import { isSpooling, movableGroups, readWanted, steadyGroups, type Wanted } from "./wanted.ts"

export interface ReconcilerOptions extends Omit<LaunchOptions, "nudge"> {
  owner: LeaseOwner
  /** What this host reaches. `nudge` is called when that changes. */
  reach(nudge: () => void): Reach
  /** What hinders an integration besides its pipelines. */
  otherProblems(integration: Integration): Promise<Problem[]>
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
/** One that hangs, at a source that does not answer, holds no turn up for longer. */
const turnLimitMs = 2_000
const broughtAtOnce = 16
const leaveLimitMs = 1_000
/** Whatever the turn at hand waits for must not keep the process from stopping. */
const turnStopLimitMs = 3_000

/**
 * Makes what is be what should be: reads the integrations, and starts, stops and cleans pipelines. It takes no input,
 * so that the way after a crash is the usual way.
 */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { store, owner, log, turnEveryMs = usualTurnEveryMs } = options
  const reach = options.reach(() => nudge())
  const tell = store.signals.tellWanted
  const places = newPlaces({ workers: store.workers, owner, reach, nudge: () => nudge(), tell })
  const { announce } = places
  const doubts = newSourceDoubts(reach)
  const owned = newOwnedPipelines({ leases: store.leases, owner, log, announce, nudge: () => nudge() })
  const { running } = owned
  const patienceMs = options.cleanUpPatienceMs ?? usualCleanUpPatienceMs
  const endings = newEndings({ ...options, owned, patienceMs })
  const { observer, taker } = tellAndTake(options, () => [...running.values()])
  const brings = newWorkByKey({ atOnce: broughtAtOnce, onMissed: () => nudge() })
  const turn: Turn = {
    ...options,
    owned,
    endings,
    observer,
    reach,
    places,
    doubts,
    brings,
    nudge: () => nudge(),
  }
  let ready = false
  const turns = newNudgedTask({
    everyMs: turnEveryMs,
    work: () =>
      reconcile(turn, () => {
        ready = true
      }),
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
      places.stop()
      reach.stop()
      await within(turnStopLimitMs, Promise.all([turns.stop(), taker.stop()]))
      await closeOwned(turn)
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

interface Turn extends Omit<ReconcilerOptions, "reach"> {
  owned: OwnedPipelines
  endings: Endings
  observer: Observer
  reach: Reach
  places: Places
  doubts: SourceDoubts
  /** By integration. */
  brings: WorkByKey
  nudge(): void
}

/** Other processes take over one pipeline after another; where there are none, all stop at once. */
async function closeOwned({ places, owned, store, log }: Turn): Promise<void> {
  const leaving = places.leave().catch((error: unknown) => {
    log.warn({ reason: String(error) }, "other processes could not be told of the stop")
    return 0
  })
  const others = await atMost(leaveLimitMs, leaving, () => 0)
  await owned.close(others > 0 ? { tell: store.signals.tellWanted } : undefined)
}

/** `done`: all integrations were looked at, and nothing failed; that of one may last beyond the turn. */
async function reconcile(turn: Turn, done: () => void): Promise<void> {
  const { store, owned, brings } = turn
  const wanted = await readWanted(store)
  const look = await lookAround(turn, wanted)
  const failures: unknown[] = []
  const begun = wanted.flatMap(
    (one) =>
      // One that cannot be brought on must not hold up the others.
      brings.run(one.integration.id, () =>
        bring({ ...turn, look }, one).catch((error) => failed(turn, error, failures)),
      ) ?? [],
  )
  const all = Promise.all(begun).then(() => failures.length === 0 && done())
  await within(turnLimitMs, all)
  const ids = new Set(wanted.map(({ integration }) => integration.id))
  for (const [key, one] of owned.running) {
    if (!ids.has(one.monitor.record.integrationId)) await owned.release(key)
  }
  if (failures.length > 0) throw failures[0]
}

function failed({ owned }: Turn, error: unknown, failures: unknown[]): void {
  if (error instanceof LeaseLost) owned.lost(error.lease)
  else failures.push(error)
}

/** What runs where; what waits for a server that this host cannot reach gives up, so that others can go on. */
async function lookAround(
  { launcher, owned, places, reach, doubts }: Turn,
  wanted: readonly Wanted[],
): Promise<Look> {
  const groups = movableGroups(wanted, launcher)
  doubts.ask({ wanted, groups, running: owned.running.values() })
  const look = await places.look(groups, steadyGroups(groups, owned.running))
  doubts.askThese(look.doubted, wanted)
  for (const arn of look.cutOff) reach.cut(arn)
  return look
}

interface Bring extends Turn {
  look: Look
}

async function bring(turn: Bring, wanted: Wanted): Promise<void> {
  const { integration } = wanted
  await turn.owned.settle(
    [...turn.owned.running.keys()].filter((key) => key.startsWith(`${integration.id}/`)),
  )
  switch (integration.status) {
    case "deleting":
      return await finishDeletion(turn, wanted)
    case "failed":
      if (isCurable(integration.errors)) return await bringUp(turn, wanted)
      // A failed integration without a cure can only be deleted. Until then its source must retain no log for it.
      await windDown(turn, wanted)
      return
    default:
      return await bringUp(turn, wanted)
  }
}

async function bringUp(turn: Bring, wanted: Wanted): Promise<void> {
  const { integration, databases } = wanted
  await giveAway(turn, wanted)
  const occupied = await endDropped(turn, wanted)
  for (const database of databases) {
    const key = keyOf(recordOf(database))
    await stopOutdated(turn, key, database)
    const one = turn.owned.running.get(key)
    if (one === undefined && !occupied.has(database.sourceDatabase)) {
      await startHere(turn, integration, database)
    } else if (one !== undefined) {
      follow(one, integration)
      adjust(one, database)
    }
  }
  const mine = [...turn.owned.running.values()].filter(
    ({ monitor }) => monitor.record.integrationId === integration.id,
  )
  for (const one of mine) remediate(one, turn.log)
  const others = await turn.otherProblems(integration)
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

/** Where this process may, and no other is to have it. */
async function startHere(turn: Bring, integration: Integration, database: DatabaseRecord): Promise<void> {
  const place = turn.launcher.place(integration, recordOf(database))
  if (!place.isPinned && !turn.look.takes(integration.id)) return
  await turn.owned.start(keyOf(recordOf(database)), place, (lease) => {
    if (!place.isPinned) turn.look.taken(integration.id)
    return launch(turn, { integration, database, lease })
  })
}

/** The batch at hand may be finished. What waits for an answer of the source, for 10 s more, does nothing when it ends. */
const cutOffStopLimitMs = 500

/** Pipelines that other processes are to have. */
async function giveAway({ look, owned, launcher, store, log }: Bring, wanted: Wanted): Promise<void> {
  const { integration, databases } = wanted
  if (!look.gives(integration.id)) return
  for (const database of databases) {
    const record = recordOf(database)
    const one = owned.running.get(keyOf(record))
    if (one === undefined || launcher.place(integration, record).isPinned || isSpooling(one)) continue
    log.info({ integration: integration.id, database: database.name }, "pipeline given to another process")
    const isCutOff = look.cutOff.includes(integration.sourceArn)
    await owned.release(keyOf(record), isCutOff ? cutOffStopLimitMs : undefined)
    await store.signals.tellWanted()
  }
}

/**
 * Ends the pipelines whose destination database was dropped. Returns the source databases whose old pipeline has not
 * ended yet: no new pipeline may start on those.
 */
async function endDropped(turn: Turn, { integration, databases, records }: Wanted): Promise<Set<string>> {
  const occupied = new Set<string>()
  const isWanted = (record: PipelineRecord) =>
    databases.some(
      (one) => one.sourceDatabase === record.sourceDatabase && one.name === record.destinationDatabase,
    )
  if (records.every(isWanted)) return occupied
  // Read again: in the place of one that is ended a new one may have been launched since, with the same handle.
  for (const record of await turn.store.pipelines.ofIntegration(integration.id)) {
    if (isWanted(record) || (await turn.endings.end(integration, record, "dropped"))) continue
    occupied.add(record.sourceDatabase)
  }
  return occupied
}

/**
 * Stops a pipeline whose ACCEPTINVCHARS option or source's configuration has changed: both are fixed when a connection to the
 * source is opened, so that the next start applies them.
 */
async function stopOutdated({ owned, launcher }: Turn, key: string, database: DatabaseRecord): Promise<void> {
  const one = owned.running.get(key)
  if (one === undefined) return
  const isOther = one.acceptsInvalidCharacters !== database.options.acceptInvalidCharacters
  if (isOther || one.source !== launcher.configured(one.sourceArn)) await owned.release(key)
}

/** Ends the integration's pipelines, then removes its record. Its destination databases stay. */
async function finishDeletion(turn: Turn, wanted: Wanted): Promise<void> {
  const { integration } = wanted
  if (!(await windDown(turn, wanted))) return
  await turn.store.integrations.remove(integration.id)
  turn.log.info({ integration: integration.id }, "integration deleted")
}

/**
 * Ends the integration's pipelines and removes what the source keeps for them. False: not all of that is done, try
 * again at the next turn.
 */
async function windDown(turn: Turn, { integration }: Wanted): Promise<boolean> {
  for (const record of await turn.store.pipelines.ofIntegration(integration.id))
    if (!(await turn.endings.end(integration, record, "kept"))) return false
  return true
}
