import { type Deadline, startDeadline } from "../../concurrency/deadline.ts"
import type { CatalogPollBackoff } from "./catalog-poll-backoff.ts"

/**
 * Polls of the catalog for which there is a reason, sooner than the regular ones. The backoff still spares a source
 * whose catalog is slow.
 */
export interface CatalogPollTimers {
  /** The source's tables may have changed in a way that the stream does not tell. */
  pollSoon(): void
  /**
   * Rows came through a partition that was not known. It may be detached already, which no comparison of two later
   * polls would show. So the catalog is polled after the time in which the source's own check for changed partitions
   * would have reported it.
   */
  pollAfterNewPartition(): void
}

/**
 * Longer than the interval of the source's check for changed partitions, and short enough that `status` tells it at
 * once.
 */
const newPartMs = 500

export function newCatalogPollTimers(
  backoff: CatalogPollBackoff,
  wake: () => void,
  signal: AbortSignal,
): CatalogPollTimers {
  const timer = (afterMs: number) => {
    let pending: Deadline | undefined
    let isAskedAgain = false
    const ask = () => {
      if (signal.aborted) return
      isAskedAgain = pending !== undefined && afterMs > 0
      pending ??= startDeadline(Math.max(backoff.soonestMs, afterMs), due, { keepsAlive: false })
    }
    const due = () => {
      pending = undefined
      wake()
      if (isAskedAgain) ask()
    }
    signal.addEventListener("abort", () => pending?.end(), { once: true })
    return ask
  }
  return { pollSoon: timer(0), pollAfterNewPartition: timer(newPartMs) }
}
