import { setTimeout as sleep } from "node:timers/promises"
import type { Order, ProcessState, SupervisorLog } from "./messages.ts"
import { newRestartWaits } from "./restart-waits.ts"
import { causeInWords, type EndCause, type SupervisedProcess } from "./supervised-process.ts"

export interface KeptProcessOptions<Start, Facts> {
  name: string
  log: SupervisorLog
  /** Starts the next one. Called when the one before has ended, never while one lives. */
  start(): SupervisedProcess<Start, Facts>
  /** One was started. */
  onStart?(): void
  /** One has ended that was not to. Called before the next is started. What it throws is logged. */
  onEnd(cause: EndCause): void
  /** Told of each change. */
  onState(state: ProcessState): void
}

/** A process that is replaced whenever it ends, until it is stopped. */
export interface KeptProcess<Start, Facts> {
  /** What the first process said when it was ready. Or how it ended before it was: then it is not replaced. */
  readonly first: Promise<{ kind: "ready"; facts: Facts } | { kind: "ended"; cause: EndCause }>
  readonly pid: number | undefined
  readonly state: ProcessState
  tell(order: Order<Start>): void
  /** Has the one that is ready take over another start. Why it could not; `undefined`: it did, or the next one starts with it. */
  reload(start: Start): Promise<string | undefined>
  /**
   * Ends the one that runs, in order; after `limitMs` at once. Resolves with how it ended, or how the last one did when none runs: a signal to the
   * whole group may have reached it before us. `undefined`: none ever ran.
   */
  stop(limitMs: number): Promise<EndCause | undefined>
  /** Ends the one that runs at once, and starts no other. */
  kill(): void
}

/** Starts the first one. */
export function keepProcess<Start, Facts>(
  options: KeptProcessOptions<Start, Facts>,
): KeptProcess<Start, Facts> {
  const keeper = new Keeper(options)
  const keeping = keeper.keep()
  return {
    first: keeper.first.promise,
    get pid() {
      return keeper.current?.pid
    },
    get state() {
      return keeper.state
    },
    tell: (order) => keeper.current?.tell(order),
    reload: async (start) => await keeper.current?.reload(start),
    async stop(limitMs) {
      keeper.stopping.abort()
      await keeper.current?.stop(limitMs)
      await keeping
      return keeper.lastCause
    },
    kill() {
      keeper.stopping.abort()
      keeper.current?.kill()
    },
  }
}

/** Starts one process after the other. */
class Keeper<Start, Facts> {
  readonly stopping = new AbortController()
  readonly first = Promise.withResolvers<Awaited<KeptProcess<Start, Facts>["first"]>>()
  state: ProcessState = { isReady: false, replacements: 0 }
  current: SupervisedProcess<Start, Facts> | undefined
  lastCause: EndCause | undefined
  readonly #options: KeptProcessOptions<Start, Facts>
  readonly #waits = newRestartWaits()

  constructor(options: KeptProcessOptions<Start, Facts>) {
    this.#options = options
  }

  /** Until it is stopped, or the first one ends before it was ready. */
  async keep(): Promise<void> {
    let endedAtMs: number | undefined
    while (!this.stopping.signal.aborted) {
      const { cause, servedMs } = await this.#runOne(endedAtMs)
      if (this.stopping.signal.aborted) return
      if (endedAtMs === undefined && servedMs === 0) return this.first.resolve({ kind: "ended", cause })
      endedAtMs = performance.now()
      const waitMs = this.#hasEnded(cause, servedMs)
      this.#tellEnd(cause)
      await sleep(waitMs, undefined, { signal: this.stopping.signal }).catch(() => undefined)
    }
  }

  /** Until it has ended. `insteadOfMs`: when the one before ended. `servedMs`: 0 when it never was ready. */
  async #runOne(insteadOfMs: number | undefined): Promise<{ cause: EndCause; servedMs: number }> {
    const running = this.#options.start()
    this.current = running
    this.#options.onStart?.()
    let readyAtMs: number | undefined
    void running.ready.then((facts) => {
      readyAtMs = performance.now()
      if (insteadOfMs !== undefined) this.#servesAgain(readyAtMs - insteadOfMs)
      this.#become({ isReady: true })
      this.first.resolve({ kind: "ready", facts })
    })
    const cause = await running.ended
    this.current = undefined
    this.lastCause = cause
    return { cause, servedMs: readyAtMs === undefined ? 0 : performance.now() - readyAtMs }
  }

  #servesAgain(afterMs: number): void {
    const { name, log } = this.#options
    const facts = { process: name, pid: this.current?.pid, afterMs: Math.round(afterMs) }
    log.info(facts, `the ${name} process serves again`)
  }

  /** How long to wait for the next one, in ms. */
  #hasEnded(cause: EndCause, servedMs: number): number {
    const { name, log } = this.#options
    const lastEnd = causeInWords(cause)
    const waitMs = this.#waits.next(servedMs)
    log.error({ process: name, cause, waitMs }, `the ${name} process ${lastEnd}; starting another one`)
    const replacements = this.state.replacements + 1
    this.#become({ isReady: false, replacements, lastEnd, lastEndAtMs: Date.now() })
    return waitMs
  }

  /** Nothing that goes wrong here may keep the next process from starting. */
  #tellEnd(cause: EndCause): void {
    const { name, log, onEnd } = this.#options
    try {
      onEnd(cause)
    } catch (error) {
      log.error({ process: name, err: error }, "what a process ended with could not be looked at")
    }
  }

  #become(changed: Partial<ProcessState>): void {
    this.state = { ...this.state, ...changed }
    this.#options.onState(this.state)
  }
}
