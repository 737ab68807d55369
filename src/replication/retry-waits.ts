import { type Problem, problemKinds } from "../domain/problems.ts"
import { OversizedTable } from "./contracts/oversized.ts"
import type { Waits } from "./waits.ts"

/** How long a pipeline waits before each attempt: longer after each failure, up to a limit. */
export interface RetryWaits {
  /** `isFirst`: nothing was known to be wrong before. */
  failed(problem: Problem, isFirst: boolean): void
  worked(): void
  /** Of the attempt to come, in ms. */
  next(): number
}

export function newRetryWaits(waits: Waits): RetryWaits {
  const { firstRetryMs, longestRetryMs, longestReconnectMs } = waits
  let waitMs = firstRetryMs
  let longestMs = longestRetryMs
  let isCopyingAnew = false
  return {
    failed(problem, isFirst) {
      const { kind } = problem
      const isLeftBehind = problem instanceof OversizedTable
      // What a resync mends has nothing to wait for, unless that is what fails.
      const needsCopy = problemKinds[kind].reaction === "resync"
      // The next attempt runs without the table that was refused, and cannot fail for it again.
      if (isFirst || isLeftBehind || (needsCopy && !isCopyingAnew)) waitMs = firstRetryMs
      isCopyingAnew = needsCopy
      longestMs = kind === "sourceUnreachable" ? longestReconnectMs : longestRetryMs
    },
    worked() {
      waitMs = firstRetryMs
    },
    next() {
      const nowMs = Math.min(waitMs, longestMs)
      waitMs = Math.min(waitMs * 2, longestMs)
      return nowMs
    },
  }
}
