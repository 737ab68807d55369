/** A process that served for this long did not fail at its start. */
const wellAfterMs = 2_000
const firstWaitMs = 250
const longestWaitMs = 15_000

/** How long to wait before the next process is started. */
export interface RestartWaits {
  /** `servedMs`: for how long the one that ended was ready. */
  next(servedMs: number): number
}

/**
 * A process that had served is replaced at once, and so is the first that failed at its start. Of more that fail in a row, each waits twice
 * as long as the one before, up to 15 s. It is never given up: what keeps it from starting may be mended at any time.
 */
export function newRestartWaits(): RestartWaits {
  let failures = 0
  return {
    next(servedMs) {
      if (servedMs >= wellAfterMs) failures = 0
      else failures++
      return failures <= 1 ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 2))
    },
  }
}
