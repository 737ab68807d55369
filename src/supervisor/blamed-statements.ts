import type { RunningStatement } from "./running-statements.ts"

/** A statement that is not accepted from a user for a while. */
export interface RefusedStatement {
  user: string
  fingerprint: string
  /** Milliseconds since 1970. */
  untilMs: number
}

export interface BlamedStatements {
  /** An engine has ended while these ran. Those that are refused from now on for it. */
  ended(running: readonly RunningStatement[], nowMs: number): RefusedStatement[]
  /** Those that are refused now. */
  refused(nowMs: number): RefusedStatement[]
}

/** Ends of the engine in which the same user's same statement ran, after which it is refused. */
const endsAtMost = 2

/**
 * Counts which statements ran when an engine ended. One that ran at two ends within `refusedForMs` is refused to its user for as
 * long; after that it may end the engine twice again.
 */
export function newBlamedStatements(refusedForMs: number): BlamedStatements {
  const blamed = new Map<string, { ends: number[]; refused?: RefusedStatement }>()

  function forget(nowMs: number): void {
    for (const [key, { ends, refused }] of blamed)
      if ((refused?.untilMs ?? (ends.at(-1) ?? 0) + refusedForMs) <= nowMs) blamed.delete(key)
  }
  function blame({ user, fingerprint }: RunningStatement, nowMs: number): RefusedStatement | undefined {
    const key = JSON.stringify([user, fingerprint])
    const known = blamed.get(key)
    const ends = [...(known?.ends ?? []).filter((atMs) => atMs > nowMs - refusedForMs), nowMs]
    if (ends.length < endsAtMost) return void blamed.set(key, { ends })
    const refused = { user, fingerprint, untilMs: nowMs + refusedForMs }
    blamed.set(key, { ends, refused })
    return refused
  }

  return {
    ended(running, nowMs) {
      forget(nowMs)
      const different = new Map(running.map((one) => [JSON.stringify([one.user, one.fingerprint]), one]))
      return [...different.values()].flatMap((one) => blame(one, nowMs) ?? [])
    },
    refused(nowMs) {
      forget(nowMs)
      return [...blamed.values()].flatMap(({ refused }) => refused ?? [])
    },
  }
}
