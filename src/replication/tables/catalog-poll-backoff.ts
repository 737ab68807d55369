import type { Position } from "../../domain/position.ts"

/**
 * Decides when the source's catalog is polled again: a poll costs the source something and mostly finds no change.
 */
export interface CatalogPollBackoff {
  /**
   * Whether a poll may find a change. `reached`: the stream's position, given where every change of a definition
   * moves it. `isDue`: a failed table is to be tried again.
   */
  isWorthIt(reached: Position | undefined, isDue: boolean): boolean
  /** Runs `read` and measures it. `reached`: the stream's position before. */
  reading<T>(reached: Position | undefined, read: () => Promise<T>): Promise<T>
  /** The poll found no change. */
  foundNothing(): void
  /** Milliseconds until the next regular poll. */
  readonly waitMs: number
  /** Milliseconds to wait before a poll for which there is a reason; it costs the source as much. */
  readonly soonestMs: number
}

/**
 * The wait after a poll is this many times as long as the poll took, so that polls take at most a twentieth of the
 * source's time.
 */
const waitFactor = 20
/** The same for a poll for which there is a reason. */
const soonFactor = 3
const longestWaitMs = 600_000
/** The longest time without a poll, even if nothing points to a change. */
const longestIdleMs = 60_000

/** `lookEveryMs`: shortest time between two regular polls. `nowMs`: a monotonic clock. */
export function newCatalogPollBackoff(
  lookEveryMs: number,
  nowMs: () => number = () => performance.now(),
): CatalogPollBackoff {
  let waitMs = lookEveryMs
  /** Milliseconds that the last poll took. */
  let tookMs = 0
  let last: { reached: Position | undefined; atMs: number; foundNothing: boolean } | undefined
  return {
    isWorthIt(reached, isDue) {
      if (isDue || last === undefined || !last.foundNothing || reached === undefined) return true
      return reached !== last.reached || nowMs() - last.atMs >= longestIdleMs
    },
    async reading(reached, read) {
      const atMs = nowMs()
      last = { reached, atMs, foundNothing: false }
      const result = await read()
      tookMs = nowMs() - atMs
      waitMs = Math.min(Math.max(lookEveryMs, waitFactor * tookMs), longestWaitMs)
      return result
    },
    foundNothing() {
      if (last !== undefined) last.foundNothing = true
    },
    get waitMs() {
      return waitMs
    },
    get soonestMs() {
      if (last === undefined) return 0
      return Math.min(Math.max(last.atMs + (1 + soonFactor) * tookMs - nowMs(), 0), waitMs)
    },
  }
}
