/** Work that is done now and then by itself, and at once when somebody asks. */
export interface NudgedTask {
  /** Asks for a turn that begins after this call. While one is at hand, one more follows, however often it is asked. */
  nudge(): void
  /** Begins no more turns. Resolves when the turn at hand has ended. */
  stop(): Promise<void>
}

export interface NudgedTaskOptions {
  /** From the end of a turn to the next one that nobody asks for; in ms. */
  everyMs: number
  work(): Promise<void>
  /** Told of each turn that failed; the next one comes all the same. Must not throw. */
  onError(error: unknown): void
}

/** Turns never overlap. The first one comes with the first nudge. */
export function newNudgedTask({ everyMs, work, onError }: NudgedTaskOptions): NudgedTask {
  let timer: NodeJS.Timeout | undefined
  let current: Promise<void> | undefined
  let isAskedAgain = false
  let isStopped = false

  function nudge(): void {
    isAskedAgain = true
    if (current !== undefined || isStopped) return
    clearTimeout(timer)
    current = run().finally(() => {
      current = undefined
      if (!isStopped) timer = setTimeout(nudge, everyMs)
    })
  }

  async function run(): Promise<void> {
    while (isAskedAgain && !isStopped) {
      isAskedAgain = false
      await work().catch(onError)
    }
  }

  return {
    nudge,
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await current
    },
  }
}
