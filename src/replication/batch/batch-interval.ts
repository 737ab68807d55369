import type { Applied } from "./apply-loop.ts"

/** Spaces batches out: after one was applied, the next waits for an interval. */
export interface BatchInterval {
  /** Whether what is gathered now has to wait. */
  rests(): boolean
  applied(applied: Pick<Applied, "lastCommittedAtMs" | "visibleAtMs">): void
  /** The interval is another. */
  intervalChanged(): void
  stop(): void
}

export interface PaceOptions {
  intervalMs(): number
  /** Called when the rest is over. */
  wake(): void
}

/** Clocks that differ a little must not look like a stream that is behind. */
const slackMs = 5_000

export function newBatchInterval({ intervalMs, wake }: PaceOptions): BatchInterval {
  let appliedAtMs: number | undefined
  let timer: NodeJS.Timeout | undefined

  function restMs(): number {
    if (appliedAtMs === undefined) return 0
    const passedMs = Date.now() - appliedAtMs
    // A clock that was set back must not make it wait for as long again.
    return passedMs < 0 ? 0 : intervalMs() - passedMs
  }

  function wait(): void {
    clearTimeout(timer)
    // It keeps no process alive; a timer that comes a little early is set again.
    timer = setTimeout(() => (restMs() > 0 ? wait() : wake()), Math.max(0, restMs())).unref()
  }

  return {
    rests: () => restMs() > 0,
    applied({ lastCommittedAtMs, visibleAtMs }) {
      const isBehind = lastCommittedAtMs < visibleAtMs - intervalMs() - slackMs
      appliedAtMs = isBehind ? undefined : visibleAtMs
      if (restMs() > 0) wait()
    },
    intervalChanged: wait,
    stop: () => clearTimeout(timer),
  }
}
