/**
 * Which test process starts when. The longest start first, so that none is left alone at the end. Two thirds of all tests
 * wait more than they compute: beside the least number, one more starts whenever a processor has been idle for a second.
 */
import { availableParallelism } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { watchIdleProcessors } from "./idle-processors.ts"

export interface Job {
  /** For the report: the file, or what several have in common. */
  name: string
  /** Paths from the project's root. They run in one process. */
  files: string[]
  /** As it was measured; infinite for what has never been. */
  seconds: number
}

const idleForOneMore = 0.5
const lookEveryMs = 250
/** Servers of tests, and tests with them, take memory: more at once gain nothing. */
const mostPerProcessor = 3

/** Runs all; `isStopped` lets no more start. */
export async function runScheduled(
  jobs: readonly Job[],
  run: (job: Job) => Promise<void>,
  isStopped: () => boolean,
): Promise<void> {
  const waiting = jobs.toSorted((one, other) => other.seconds - one.seconds)
  const least = availableParallelism()
  const idle = watchIdleProcessors()
  const running = new Set<Promise<void>>()

  function hasRoom(): boolean {
    if (running.size < least) return true
    return running.size < least * mostPerProcessor && (idle.count() ?? 0) >= idleForOneMore
  }
  function start(job: Job): void {
    const one = run(job).finally(() => running.delete(one))
    running.add(one)
    idle.restart()
  }

  while (running.size > 0 || (waiting.length > 0 && !isStopped())) {
    const next = isStopped() || !hasRoom() ? undefined : waiting.shift()
    if (next !== undefined) start(next)
    else await Promise.race([...running, sleep(lookEveryMs)])
  }
}
