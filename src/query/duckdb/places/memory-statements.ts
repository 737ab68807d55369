import type { PgError } from "../../../wire/pgwire/pg-error.ts"
import { nextRate, type Sharer, sharesOf } from "./memory-shares.ts"
import type { MemoryUse } from "./memory-use.ts"

/**
 * One statement of a session. What grew while it was inside is its own, also when that is only seen after its end: the
 * session's next statement begins with nothing.
 */
export interface Statement {
  user: string
  stop(reason: PgError): boolean
  /** It is kept until the next look has charged it, and, where nobody waits for its call, until that comes back. */
  isEnded: boolean
  calls: number
  /** When the first of its calls began, or the last look, whichever is later. */
  insideSinceMs: number
  /** How long it was inside since the last look. */
  insideMs: number
  isStopped: boolean
  /** How long the statement was inside before the last look. */
  ageMs: number
  /** By what is measured: bytes charged lately for each millisecond inside. */
  rates: MemoryUse
  fixed: number
  counted: number
  countedAtMost: number
  native: number
  spilled: number
}

export const noUse: MemoryUse = { fixedBytes: 0, countedBytes: 0, nativeBytes: 0, spilledBytes: 0 }
const measured = ["fixedBytes", "countedBytes", "nativeBytes", "spilledBytes"] as const

function newStatement(user: string, stop: Statement["stop"]): Statement {
  return {
    user,
    stop,
    isEnded: false,
    calls: 0,
    insideSinceMs: 0,
    insideMs: 0,
    isStopped: false,
    ageMs: 0,
    rates: noUse,
    fixed: 0,
    counted: 0,
    countedAtMost: 0,
    native: 0,
    spilled: 0,
  }
}

/** What the engine counts explains that much growth of the process; what lies beyond it, nobody limits but us. */
export function heldBy({ fixed, native, countedAtMost }: Statement): number {
  return Math.max(0, fixed) + Math.max(0, native - countedAtMost)
}

function add(statement: Statement, charged: MemoryUse): void {
  statement.fixed = Math.max(0, statement.fixed + charged.fixedBytes)
  statement.counted += charged.countedBytes
  statement.countedAtMost = Math.max(statement.countedAtMost, statement.counted)
  statement.native += charged.nativeBytes
  statement.spilled = Math.max(0, statement.spilled + charged.spilledBytes)
}

/** Charges what changed between two looks to those who were inside, `times` saying for how many milliseconds. */
export function charge(times: ReadonlyMap<Statement, number>, before: MemoryUse, now: MemoryUse): void {
  const inside = [...times].filter(([, ms]) => ms > 0)
  const charged = inside.map(() => ({ ...noUse }))
  for (const key of measured) {
    const sharers: Sharer[] = inside.map(([{ ageMs, rates }, insideMs]) => {
      return { insideMs, ageMs, ratePerMs: rates[key] }
    })
    for (const [at, bytes] of sharesOf(sharers, now[key] - before[key]).entries()) {
      const [statement, one, sharer] = [inside[at]?.[0], charged[at], sharers[at]]
      if (statement === undefined || one === undefined || sharer === undefined) continue
      one[key] = bytes
      statement.rates = { ...statement.rates, [key]: nextRate(sharer, bytes) }
    }
  }
  for (const [at, [statement, ms]] of inside.entries()) {
    add(statement, charged[at] ?? noUse)
    statement.ageMs += ms
  }
}

export function leave(statement: Statement): void {
  if (--statement.calls === 0) statement.insideMs += performance.now() - statement.insideSinceMs
}

/**
 * Milliseconds that the statement's statement was inside the engine since the last call. Callers pass the same `now`
 * for all statements, so that the shares add up exactly.
 */
function takeTime(statement: Statement, now: number): number {
  const insideMs = statement.insideMs + (statement.calls > 0 ? now - statement.insideSinceMs : 0)
  statement.insideMs = 0
  statement.insideSinceMs = now
  return insideMs
}

/** The statements of all sessions, those that are over included until a look has charged them. */
export function statementsOfAll() {
  const statements = new Set<Statement>()
  return {
    current: () => [...statements].filter(({ isEnded }) => !isEnded),
    isAnyInside: () => [...statements].some(({ calls }) => calls > 0),
    begin(user: string, stop: Statement["stop"]): Statement {
      const statement = newStatement(user, stop)
      statements.add(statement)
      return statement
    },
    end(statement: Statement): void {
      statement.isEnded = true
      if (statement.calls === 0 && statement.insideMs === 0) statements.delete(statement)
    },
    /** How long each was inside since the last look. Those that are over are forgotten. */
    takeTimes(): Map<Statement, number> {
      const nowMs = performance.now()
      const times = new Map([...statements].map((statement) => [statement, takeTime(statement, nowMs)]))
      for (const statement of statements) {
        if (statement.isEnded && statement.calls === 0) statements.delete(statement)
      }
      return times
    },
  }
}
