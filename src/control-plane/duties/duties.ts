import { within } from "../../concurrency/deadline.ts"
import { startPeriodicTask } from "../../concurrency/periodic-task.ts"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import { startTicks } from "../../concurrency/ticks.ts"
import { type LeaseOwner, leaseMs } from "../../state/leases.ts"
import type { DutyStore } from "../../state/processes/duties.ts"
import type { ReconcilerLog } from "../log.ts"
import { type Duty, type DutyWork, type Held, newDuty } from "./duty.ts"

/** What is done once for the whole installation, whichever of its processes does it. */
export type DutyName =
  | "webhook"
  | "alerts"
  | "verification schedule"
  | "source remains"
  | "profile matching"
  | "identity resolution jobs"
  | "profile events"
  | "profile expiry"
  | "source protection"
  | "profile flows"
  /** Of the warehouse of an ARN. */
  | `copy jobs of ${string}`
  /** As above. */
  | `policies of ${string}`

export interface DutiesOptions {
  duties: DutyStore
  owner: LeaseOwner
  log: ReconcilerLog
}

/**
 * The duties of this process. Every process asks for all that it could do; of several one gets each, and another within seconds
 * when that one ends.
 */
export interface Duties {
  /** `begin` is called whenever the duty comes to this process, and what it began is stopped when the duty goes. */
  add(name: DutyName, begin: (held: Held) => DutyWork): void
  /** Whether the duty is this process's now. */
  isHeld(name: DutyName): boolean
  /** Ends all and gives them back. */
  stop(): Promise<void>
}

const renewEveryMs = 1_500
/** What is at hand may be finished in this time before the lease runs out. */
const endingMs = 1_500
const lookEveryMs = 100
const releaseLimitMs = 1_000

export function startDuties({ duties: store, owner, log }: DutiesOptions): Duties {
  const known = new Map<DutyName, Duty>()
  const inTurn = newSerialQueue()
  const hold = newHolder(store, owner)
  let isStopped = false
  let hasFailed = false

  async function renew(): Promise<void> {
    if (isStopped || known.size === 0) return
    const { mine, untilMs } = await hold([...known.keys()])
    hasFailed = false
    for (const [name, duty] of known) duty.heldUntil(mine.has(name) ? untilMs : 0, mine.get(name) ?? 0)
  }

  const failed = (error: unknown) => {
    if (!hasFailed) log.warn({ reason: String(error) }, "duties cannot be taken or prolonged; trying again")
    hasFailed = true
  }
  const turn = () => inTurn(renew)
  const renewing = startPeriodicTask({ everyMs: renewEveryMs, work: turn, onError: failed })
  const look = () => {
    for (const duty of known.values()) duty.look()
  }
  const looking = startTicks({ everyMs: lookEveryMs, tick: look })

  async function giveBack(): Promise<void> {
    try {
      await within(
        releaseLimitMs,
        inTurn(() => store.release(owner, [...known.keys()])),
      )
    } catch (error) {
      log.info({ reason: String(error) }, "duties could not be given back; they run out by themselves")
    }
  }

  return {
    add(name, begin) {
      known.set(name, newDuty(name, begin, log))
      turn().catch(failed)
    },
    isHeld: (name) => known.get(name)?.isHeld() ?? false,
    async stop() {
      isStopped = true
      looking.stop()
      await Promise.all([...known.values()].map((duty) => duty.stop()))
      await within(releaseLimitMs, renewing.stop())
      await giveBack()
    },
  }
}

/**
 * Asks for duties. Their time is reckoned from before the database was asked, and ends `endingMs` early: by then the
 * database's own reckoning cannot have ended, whatever the clocks say.
 */
function newHolder(store: DutyStore, owner: LeaseOwner) {
  let predecessors: Promise<void> | undefined

  /** Of this host, which are dead: their duties need not be waited for. */
  function endPredecessors(): Promise<void> {
    predecessors ??= store.endPredecessors(owner).catch((error: unknown) => {
      predecessors = undefined
      throw error
    })
    return predecessors
  }

  return async (names: readonly DutyName[]) => {
    await endPredecessors()
    const askedMs = performance.now()
    const mine = await store.hold(owner, names)
    return { mine, untilMs: askedMs + leaseMs - endingMs }
  }
}
