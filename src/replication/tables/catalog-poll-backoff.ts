import type { Position } from "../../domain/position.ts"

/** Says when the source's catalog is worth another look: it costs the source something, and mostly tells nothing new. */
export interface CatalogPollBackoff {
  /**
   * Whether there may be something to see. `reached`: where the stream is, if that moves with every change of a
   * definition. `isDue`: something is to be tried again.
   */
  isWorthIt(reached: Position | undefined, isDue: boolean): boolean
  /** Takes the time of reading the catalog, with the stream at `reached` before. */
  reading<T>(reached: Position | undefined, read: () => Promise<T>): Promise<T>
  /** The look found everything as it is known. */
  foundNothing(): void
  /** How long to wait before the next look that nobody asked for. */
  readonly waitMs: number
  /** How long to wait from now on before a look that something speaks for, at the source's expense all the same. */
  readonly soonestMs: number
}

/** Reading the catalog is waited for so many times as long as it took. */
const waitFactor = 20
/** The same where something is known to have changed. */
const soonFactor = 3
const longestWaitMs = 600_000
/** Once in a while it is looked all the same. */
const longestIdleMs = 60_000

/** `lookEveryMs`: how often at most. `nowMs`: a clock that only goes forward. */
export function newCatalogPollBackoff(
  lookEveryMs: number,
  nowMs: () => number = () => performance.now(),
): CatalogPollBackoff {
  let waitMs = lookEveryMs
  /** Reading took so long the last time. */
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
