/** What is waited for only so long. */
import { setTimeout as sleep } from "node:timers/promises"

/** Counts down until it is ended. */
export interface Deadline {
  /** `onLate` is not called any more. Repeatable. */
  end(): void
}

export interface DeadlineOptions {
  /** Whether the process stays alive for it; default: yes. */
  keepsAlive?: boolean
}

/** Calls `onLate` once, after `limitMs`, unless the deadline is ended before. `onLate` must not throw. */
export function startDeadline(
  limitMs: number,
  onLate: () => void,
  { keepsAlive = true }: DeadlineOptions = {},
): Deadline {
  const timer = setTimeout(onLate, limitMs)
  if (!keepsAlive) timer.unref()
  return { end: () => clearTimeout(timer) }
}

/** Waits for the work at most `limitMs`. What is not done by then goes on by itself. Rejects as the work does. */
export async function within(limitMs: number, work: Promise<unknown> | undefined): Promise<"done" | "late"> {
  return await atMost(
    limitMs,
    Promise.resolve(work).then(() => "done" as const),
    () => "late",
  )
}

/**
 * The work's result if it comes within `limitMs`, else what `late` returns or throws. The work goes on by itself; if it
 * rejects later, nobody is told.
 */
export async function atMost<T, L>(limitMs: number, work: Promise<T>, late: () => L): Promise<T | L> {
  const over = new AbortController()
  const limit = sleep(Math.max(0, limitMs), undefined, { signal: over.signal }).then(late)
  // When the work was first, nobody waits for the limit any more.
  limit.catch(() => undefined)
  try {
    return await Promise.race([work, limit])
  } finally {
    over.abort()
  }
}

/** Resolves after `ms`, or as soon as `signal` is given. Never rejects. */
export async function pause(
  ms: number,
  signal: AbortSignal,
  { keepsAlive = true }: DeadlineOptions = {},
): Promise<void> {
  // It rejects only because of the signal.
  await sleep(ms, undefined, { signal, ref: keepsAlive }).catch(() => undefined)
}
