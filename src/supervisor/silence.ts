/** How long nothing was heard of a process. */
export interface Silence {
  /** Something was heard. */
  heard(): void
  /** One more interval has passed; `true`: too many without a word. */
  passed(): boolean
}

/**
 * Counted by the turns of the watcher's own timer and not by the clock: when the whole machine stood still, or the watcher itself got
 * no processor, that is one interval and not a reason to end a process. Nothing counts before the first word.
 */
export function newSilence(intervalsAtMost: number): Silence {
  let intervals: number | undefined
  return {
    heard() {
      intervals = 0
    },
    passed() {
      if (intervals === undefined) return false
      intervals++
      return intervals > intervalsAtMost
    },
  }
}
