import { cpus } from "node:os"

interface Reading {
  atMs: number
  idleMs: number
}

/** How many processors have nothing to do, looked at over a second at least. Waiting for a disk does not count as idle. */
export interface IdleProcessors {
  /** Forgets what was seen: something has been started since. */
  restart(): void
  /** undefined: too little time has passed to tell. */
  count(): number | undefined
}

const leastMs = 1_000

export function watchIdleProcessors(): IdleProcessors {
  let since = read()
  return {
    restart() {
      since = read()
    },
    count() {
      const now = read()
      const passedMs = now.atMs - since.atMs
      if (passedMs < leastMs) return undefined
      const idle = (now.idleMs - since.idleMs) / passedMs
      since = now
      return idle
    },
  }
}

function read(): Reading {
  return { atMs: performance.now(), idleMs: cpus().reduce((sum, { times }) => sum + times.idle, 0) }
}
