import { startPeriodicTask } from "../../concurrency/periodic-task.ts"
import { startTicks } from "../../concurrency/ticks.ts"
import {
  type Lease,
  type LeaseOwner,
  type LeaseRequest,
  type LeaseStore,
  leaseMs,
} from "../../state/leases.ts"
import type { ReconcilerLog } from "../log.ts"

export interface LeaseKeeperOptions {
  leases: LeaseStore
  owner: LeaseOwner
  log: ReconcilerLog
  /** A lease was lost, or may soon be: what is done under it must end now. Told once for each lease. */
  onLost(lease: Lease): void
  /** Called before leases are prolonged: what else lasts as long as they do is prolonged first, so that it ends first. */
  announce?(): Promise<void>
}

/** The leases of this process: takes them, prolongs them, and says when one is lost. */
export interface LeaseKeeper {
  /** `undefined`: another process owns the pipeline. Throws what the state database throws. */
  take(request: Omit<LeaseRequest, keyof LeaseOwner>): Promise<Lease | undefined>
  held(pipeline: string): Lease | undefined
  /** Gives a lease back; call it when what was done under it has ended. Repeatable. A failure is only logged. */
  release(pipeline: string): Promise<void>
  /** Gives all leases back and prolongs no more. */
  stop(): Promise<void>
}

const renewEveryMs = 1_500
/** A batch at hand may be finished in this time before the lease runs out. */
const endingMs = 1_500
const lookEveryMs = 100

interface Held {
  lease: Lease
  isPinned: boolean
  /** By the monotonic clock of this process. */
  endsAtMs: number
}

/**
 * A lease's time is reckoned from before the database was asked, by the monotonic clock, and ends `endingMs` early: by then
 * the database's own reckoning cannot have ended, whatever the clocks say.
 *
 * A pinned pipeline does not end with its time: while the state database is away, no other process can own it, since its rows
 * are in a file of this host and the host's data folder is locked by this process. It ends when another owner is found.
 */
export function newLeaseKeeper({ leases, owner, log, onLost, announce }: LeaseKeeperOptions): LeaseKeeper {
  const held = new Map<string, Held>()
  let hasFailed = false
  let predecessors: Promise<void> | undefined

  /** Of this host, which are dead: their leases need not be waited for. */
  function endPredecessors(): Promise<void> {
    predecessors ??= leases.endPredecessors(owner).catch((error: unknown) => {
      predecessors = undefined
      throw error
    })
    return predecessors
  }

  function lose(lease: Lease, reason: string): void {
    if (held.get(lease.pipeline)?.lease !== lease) return
    held.delete(lease.pipeline)
    const { pipeline, generation } = lease
    log.warn({ pipeline, generation, reason }, "the pipeline's lease is lost; it ends here")
    onLost(lease)
  }

  async function renewAll(): Promise<void> {
    const askedMs = performance.now()
    const asked = [...held.values()]
    await announce?.()
    const renewed = await leases.renew(asked.map(({ lease }) => lease))
    hasFailed = false
    const isRenewed = new Set(renewed.map(({ pipeline }) => pipeline))
    for (const one of asked) {
      if (isRenewed.has(one.lease.pipeline)) one.endsAtMs = endOf(askedMs)
      else lose(one.lease, "another process has taken it, or it has run out")
    }
  }

  const renewing = startPeriodicTask({
    everyMs: renewEveryMs,
    work: renewAll,
    onError(error) {
      if (!hasFailed) log.warn({ reason: String(error) }, "leases cannot be prolonged; trying again")
      hasFailed = true
    },
  })
  const loseEnded = () => {
    const nowMs = performance.now()
    for (const { lease, isPinned, endsAtMs } of [...held.values()])
      if (!isPinned && nowMs >= endsAtMs) lose(lease, "it could not be prolonged in time")
  }
  const looking = startTicks({ everyMs: lookEveryMs, tick: loseEnded })

  async function release(pipeline: string): Promise<void> {
    const one = held.get(pipeline)
    if (one === undefined) return
    held.delete(pipeline)
    await leases.release(one.lease).catch((error: unknown) => {
      log.warn({ pipeline, reason: String(error) }, "a lease could not be given back; it runs out by itself")
    })
  }

  return {
    async take(request) {
      await endPredecessors()
      const askedMs = performance.now()
      const lease = await leases.take({ ...request, ...owner })
      if (lease === undefined) return undefined
      const { isPinned } = request
      held.set(request.pipeline, { lease, isPinned, endsAtMs: endOf(askedMs) })
      return lease
    },
    held: (pipeline) => held.get(pipeline)?.lease,
    release,
    async stop() {
      looking.stop()
      await renewing.stop()
      await Promise.all([...held.keys()].map(release))
    },
  }
}

function endOf(askedMs: number): number {
  return askedMs + leaseMs - endingMs
}
