import { setTimeout as sleep } from "node:timers/promises"

/** Waits for the work or for so long; what is not done by then goes on by itself. */
export async function within(limitMs: number, work: Promise<unknown> | undefined): Promise<"done" | "late"> {
  const over = new AbortController()
  const late = sleep(limitMs, "late" as const, { signal: over.signal })
  try {
    return await Promise.race([Promise.resolve(work).then(() => "done" as const), late])
  } finally {
    over.abort()
  }
}
