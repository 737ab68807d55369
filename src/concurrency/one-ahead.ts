/** While one work runs, the next is prepared; never more than one runs. */
export interface OneAhead {
  /** Waits for the work before and then begins this one, without waiting for it. Throws what the one before threw. */
  begin(work: () => Promise<void>): Promise<void>
  /** Nothing runs any more. Throws what the last work threw. */
  settled(): Promise<void>
}

export function newOneAhead(): OneAhead {
  let running: Promise<void> = Promise.resolve()
  return {
    async begin(work) {
      await running
      running = work()
      // Whoever begins the next one or settles is told; until then it must not count as unhandled.
      running.catch(() => undefined)
    },
    settled: () => running,
  }
}
