/** Waits of a pipeline before it polls or tries again. */
export interface Waits {
  /** Shortest time between two regular polls of the source's catalog. */
  lookEveryMs: number
  /** Wait after the first failure; doubled after each further one. */
  firstRetryMs: number
  longestRetryMs: number
  /** Longest wait while the source cannot be reached: short, so that its return is noticed soon. */
  longestReconnectMs: number
  /** Interval at which an idle source is acknowledged. */
  advanceEveryMs: number
}

const usualWaits: Waits = {
  lookEveryMs: 5_000,
  firstRetryMs: 500,
  longestRetryMs: 30_000,
  longestReconnectMs: 5_000,
  advanceEveryMs: 10_000,
}

/** The given waits, with defaults for the others. */
export function waitsOf({ waits }: { waits?: Partial<Waits> | undefined }): Waits {
  return { ...usualWaits, ...waits }
}
