import type { CatalogPollBackoff } from "./catalog-poll-backoff.ts"

/** Looks that something speaks for, sooner than the usual ones. The brake still spares a source that reads its catalog slowly. */
export interface LookTimers {
  /** The source's tables have changed in a way that the stream may not tell. */
  lookSoon(): void
  /**
   * Rows came through a part of a table that was not known: it may be gone already, which no comparison of two later
   * looks would show. Whether it is there is seen when it has had time to be seen by what calls `lookSoon` for it.
   */
  lookAfterNewPart(): void
}

/** Longer than the time between two looks for changed parts, and no later than the status is to tell. */
const newPartMs = 500

export function newLookTimers(brake: CatalogPollBackoff, wake: () => void, signal: AbortSignal): LookTimers {
  const timer = (afterMs: number) => {
    let pending: NodeJS.Timeout | undefined
    let isAskedAgain = false
    const ask = () => {
      if (signal.aborted) return
      isAskedAgain = pending !== undefined && afterMs > 0
      pending ??= setTimeout(due, Math.max(brake.soonestMs, afterMs)).unref()
    }
    const due = () => {
      pending = undefined
      wake()
      if (isAskedAgain) ask()
    }
    signal.addEventListener("abort", () => clearTimeout(pending), { once: true })
    return ask
  }
  return { lookSoon: timer(0), lookAfterNewPart: timer(newPartMs) }
}
