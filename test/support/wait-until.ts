import { setTimeout as sleep } from "node:timers/promises"

const firstPauseMs = 25
const longestPauseMs = 150
/** A wait ends at most by so much of its time later than what it waits for. */
const shareOfWait = 0.1

interface Wait {
  /** Said when it has not come. */
  what: string
  /** Default: 60 s. */
  timeoutMs?: number
  /**
   * Between two looks. Default: 25 ms, and longer in a wait that lasts. A look often is a connection and a statement, and what
   * they take of a processor is taken from what is waited for.
   */
  intervalMs?: number
}

const mostWitnesses = 4
const witnesses: (() => string)[] = []

/** Waits that fail from here on also say what `witness` has seen. Only the newest few of a process are asked. */
export function sayOnTimeout(witness: () => string): void {
  witnesses.push(witness)
  if (witnesses.length > mostWitnesses) witnesses.shift()
}

function seen(): string {
  return witnesses.map((witness) => `; ${witness()}`).join("")
}

/** Polls until `condition` answers something true, and returns that; fails naming `what` after `timeoutMs`. */
export async function waitUntil<T>(
  condition: () => Promise<T> | T,
  { what, timeoutMs = 60_000, intervalMs }: Wait,
): Promise<NonNullable<T>> {
  const startedAt = Date.now()
  const deadline = startedAt + timeoutMs
  let lastError: unknown
  while (Date.now() < deadline) {
    try {
      const value = await condition()
      if (value) return value
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    await sleep(intervalMs ?? pauseMs(Date.now() - startedAt))
  }
  throw new Error(`waited ${timeoutMs} ms for ${what}${seen()}`, { cause: lastError })
}

function pauseMs(waitedMs: number): number {
  return Math.min(Math.max(firstPauseMs, waitedMs * shareOfWait), longestPauseMs)
}
