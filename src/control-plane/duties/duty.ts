import { within } from "../../concurrency/deadline.ts"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { ReconcilerLog } from "../log.ts"

/** A duty as the one who does it sees it. */
export interface Held {
  /**
   * Whether it is this process's now, by the monotonic clock: asked right before each act, since a process that was frozen
   * wakes up in the middle of its work and only later comes to end it.
   */
  isHeld(): boolean
  /** Greater than that of every holder before. */
  generation(): number
}

export interface DutyWork {
  /** Resolves when nothing more is done. */
  stop(): Promise<void>
}

/** One duty in this process: begun while its lease lasts, ended with it. */
export interface Duty extends Held {
  /** `endsAtMs`: until then it is held, by the monotonic clock; in the past: it is not. `newest`: the generation. */
  heldUntil(endsAtMs: number, newest: number): void
  /** Ends what is done if the lease has run out. */
  look(): void
  /** Ends it for good. */
  stop(): Promise<void>
}

const stopLimitMs = 2_000

export function newDuty(name: string, begin: (held: Held) => DutyWork, log: ReconcilerLog): Duty {
  const inTurn = newSerialQueue()
  let work: DutyWork | undefined
  let endsAtMs = 0
  let generation = 0
  let isStopped = false

  const isHeld = () => !isStopped && performance.now() < endsAtMs

  function begun(): void {
    log.info({ duty: name }, "a duty of the installation is done here now")
    work = begin({ isHeld, generation: () => generation })
  }

  async function ended(): Promise<void> {
    await within(stopLimitMs, work?.stop())
    work = undefined
    log.info({ duty: name }, "a duty of the installation is done here no more")
  }

  async function follow(): Promise<void> {
    if (isHeld() === (work !== undefined)) return
    if (work === undefined) begun()
    else await ended()
  }

  const inTurnFollow = () =>
    inTurn(follow).catch((error: unknown) => log.error({ err: error, duty: name }, "a duty failed"))

  return {
    isHeld,
    generation: () => generation,
    heldUntil(ms, newest) {
      endsAtMs = ms
      generation = newest
      void inTurnFollow()
    },
    look() {
      if (work !== undefined && !isHeld()) void inTurnFollow()
    },
    async stop() {
      isStopped = true
      await inTurnFollow()
    },
  }
}
