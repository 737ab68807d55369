import { exitNow, killAfter } from "../../server/forced-exit.ts"
import { atStopSignals } from "../../supervisor/stop-signals.ts"
import { complain } from "../output.ts"

const leftoverLimitMs = 500

/** What can be stopped in order. */
export interface Stoppable {
  stop(): Promise<unknown>
}

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => atStopSignals(resolve, exitNow))
}

/**
 * Stops the server, and ends the process for sure: what takes longer than `limitMs` is given up, and so is a call of the
 * engine that cannot be stopped. A restart recovers from either.
 */
export async function stopWithin(server: Stoppable, limitMs: number): Promise<0 | 1> {
  killAfter(limitMs + 2 * leftoverLimitMs)
  const late = Symbol("late")
  const limit = Promise.withResolvers<typeof late>()
  const timer = setTimeout(() => limit.resolve(late), limitMs)
  const outcome = await Promise.race([server.stop(), limit.promise])
  clearTimeout(timer)
  // What was given up, a source that never answers or a statement that cannot be stopped, would keep the process alive.
  setTimeout(() => exitNow(process.exitCode === 0 ? 0 : 1), leftoverLimitMs).unref()
  if (outcome !== late) return 0
  complain("something did not stop in time; the next start recovers it.")
  return exitNow(1)
}
