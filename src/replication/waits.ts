/** How long a pipeline waits before it looks or tries again by itself. */
export interface Waits {
  /** The source's catalog is read so often at most. */
  lookEveryMs: number
  /** After a failure; twice as long after each further one. */
  firstRetryMs: number
  longestRetryMs: number
  /** The same while the source cannot be reached: it is soon noticed that it is back. */
  longestReconnectMs: number
  /** How often an idle source is told that what it sent is no longer needed. */
  advanceEveryMs: number
}

const usualWaits: Waits = {
  lookEveryMs: 5_000,
  firstRetryMs: 500,
  longestRetryMs: 30_000,
  longestReconnectMs: 5_000,
  advanceEveryMs: 10_000,
}

/** Those that are said, and else the usual ones. */
export function waitsOf({ waits }: { waits?: Partial<Waits> | undefined }): Waits {
  return { ...usualWaits, ...waits }
}
