/** How long nothing was heard of a process. */
export interface Silence {
  /** Something was heard. */
  heard(): void
  /**
   * One more interval has passed, for `share` of which (0 to 1) the process had a processor or wanted none. `true`: more than
   * `atMost` such intervals without a word.
   */
  passed(atMost: number, share?: number): boolean
}

/** A process that waits for a processor is ended after so many times as long: whether it stands still nobody can tell then. */
const waitingFactor = 24

/**
 * Counted by the turns of the watcher's own timer and not by the clock: when the whole machine stood still, or the watcher itself got
 * no processor, that is one interval and not a reason to end a process. Nothing counts before the first word.
 */
export function newSilence(): Silence {
  let passed: { counted: number; all: number } | undefined
  return {
    heard() {
      passed = { counted: 0, all: 0 }
    },
    passed(atMost, share = 1) {
      if (passed === undefined) return false
      passed = { counted: passed.counted + share, all: passed.all + 1 }
      return passed.counted > atMost || passed.all > atMost * waitingFactor
    },
  }
}
