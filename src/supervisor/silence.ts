/** How long nothing was heard of a process. */
export interface Silence {
  /** Something was heard. */
  heard(): void
  /** One more interval has passed; `true`: more than `atMost` without a word. */
  passed(atMost: number): boolean
}

/**
 * Counted by the turns of the watcher's own timer and not by the clock: when the whole machine stood still, or the watcher itself got
 * no processor, that is one interval and not a reason to end a process. Nothing counts before the first word.
 */
export function newSilence(): Silence {
  let intervals: number | undefined
  return {
    heard() {
      intervals = 0
    },
    passed(atMost) {
      if (intervals === undefined) return false
      intervals++
      return intervals > atMost
    },
  }
}
