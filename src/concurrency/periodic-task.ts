/** Work that is done again and again. */
export interface PeriodicTask {
  /** Begins no more turns. Resolves when the turn at hand has ended. */
  stop(): Promise<void>
}

export interface PeriodicTaskOptions {
  /** From the begin of a turn to the begin of the next one, if the turn has ended by then; in ms. */
  everyMs: number
  work(): Promise<void>
  /** Told of each turn that failed; the next one comes all the same. */
  onError(error: unknown): void
  /** Whether the process stays alive for the turns to come; default: yes. */
  keepsAlive?: boolean
}

/** Of each interval, so that processes which were started together do not ask together for ever. */
const jitter = 0.1

/** The first turn comes after one interval. Turns never overlap: one that takes longer than the interval delays the next. */
export function startPeriodicTask({ everyMs, work, onError, keepsAlive }: PeriodicTaskOptions): PeriodicTask {
  let timer: NodeJS.Timeout | undefined
  let turn: Promise<void> | undefined
  let isStopped = false

  function schedule(sinceMs: number): void {
    if (isStopped) return
    const intervalMs = everyMs * (1 - jitter * Math.random())
    timer = setTimeout(
      () => {
        turn = run()
      },
      Math.max(0, sinceMs + intervalMs - performance.now()),
    )
    if (keepsAlive === false) timer.unref()
  }

  async function run(): Promise<void> {
    const begunMs = performance.now()
    try {
      await work()
    } catch (error) {
      onError(error)
    }
    schedule(begunMs)
  }

  schedule(performance.now())
  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await turn
    },
  }
}
