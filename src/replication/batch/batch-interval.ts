import { type Deadline, startDeadline } from "../../concurrency/deadline.ts"
import type { Applied } from "./apply-loop.ts"

/** Keeps batches at least an interval (REFRESH_INTERVAL) apart: after one was applied, the next waits. */
export interface BatchInterval {
  /** True while the gathered changes wait for the interval to pass. */
  rests(): boolean
  applied(applied: Pick<Applied, "lastCommittedAtMs" | "visibleAtMs">): void
  /** The configured interval has changed. */
  intervalChanged(): void
  stop(): void
}

export interface BatchIntervalOptions {
  intervalMs(): number
  /** Called when the interval has passed. */
  wake(): void
}

/** Source and this process compare clocks: a difference below this is not taken for a stream that is behind. */
const slackMs = 5_000

export function newBatchInterval({ intervalMs, wake }: BatchIntervalOptions): BatchInterval {
  let appliedAtMs: number | undefined
  let resting: Deadline | undefined

  function restMs(): number {
    if (appliedAtMs === undefined) return 0
    const passedMs = Date.now() - appliedAtMs
    // A clock that was set back gives a negative age: the batch does not wait for a whole interval again.
    return passedMs < 0 ? 0 : intervalMs() - passedMs
  }

  function wait(): void {
    resting?.end()
    // A deadline that comes early is set again.
    const over = () => (restMs() > 0 ? wait() : wake())
    resting = startDeadline(Math.max(0, restMs()), over, { keepsAlive: false })
  }

  return {
    rests: () => restMs() > 0,
    applied({ lastCommittedAtMs, visibleAtMs }) {
      if (lastCommittedAtMs === undefined) return
      const isBehind = lastCommittedAtMs < visibleAtMs - intervalMs() - slackMs
      appliedAtMs = isBehind ? undefined : visibleAtMs
      if (restMs() > 0) wait()
    },
    intervalChanged: wait,
    stop: () => resting?.end(),
  }
}
