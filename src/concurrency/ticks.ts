export interface TicksOptions {
  everyMs: number
  /** Must not throw, and begins nothing that must not overlap: that is what a periodic task is for. */
  tick(): void
  /** Whether the process stays alive for the ticks; default: yes. */
  keepsAlive?: boolean
}

/** Calls `tick` every so often, without jitter, until it is stopped. */
export interface Ticks {
  /** No tick comes after this. Repeatable. */
  stop(): void
}

export function startTicks({ everyMs, tick, keepsAlive = true }: TicksOptions): Ticks {
  const timer = setInterval(tick, everyMs)
  if (!keepsAlive) timer.unref()
  return { stop: () => clearInterval(timer) }
}
