import { type PeriodicTask, startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { charge, heldBy, leave, noUse, type Statement, statementsOfAll } from "./memory-statements.ts"
import type { MemoryUse, MemoryUseReader } from "./memory-use.ts"

export interface MemoryLimits {
  /** What one statement may hold that the engine cannot set aside on disk. */
  statementBytes: number
  /**
   * Bytes of all statements together, above which statements are stopped; the rest of the engine's memory is
   * replication's.
   */
  allBytes: number
  /** The same of one user's statements together. Default: as all. */
  userBytes?: number
  /** What one statement may set aside on disk. */
  spillBytes: number
}

/** One session's share of the memory. */
export interface MemoryAccount {
  /** Around each call into the engine: what grows meanwhile is charged to those inside. */
  inside<T>(call: () => Promise<T>): Promise<T>
  /** The statement is over. `keepsSome`: its session keeps a portal or cursor open, whose memory goes on counting. */
  ended(keepsSome: boolean): void
  close(): void
}

/**
 * The engine limits memory as a whole and does not say which statement holds it. So growth is charged to the
 * statements that were inside the engine while memory grew, as `memory-shares.ts` says. A statement whose
 * charge passes its limit is stopped. When the statements of one user, or all statements together, pass their limit,
 * the largest statement of the user who holds the most is stopped.
 */
export interface MemoryWatch {
  /** `stop` is called at most once for a statement. It returns false when the session has no statement to stop. */
  open(stop: (reason: PgError) => boolean, user?: string): MemoryAccount
  close(): void
}

const lookEveryMs = 50

const megabytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`

const memoryHint =
  "Lists, texts and exact medians of many rows need it. Select or group fewer rows at once, or have sql_limits.statement_memory raised."

function tooMuch(statement: Statement, limits: MemoryLimits): PgError | undefined {
  if (heldBy(statement) > limits.statementBytes) {
    const text = `out of memory: the statement needs more than ${megabytes(limits.statementBytes)} that cannot be set aside on disk`
    return new PgError("53200", text, { hint: memoryHint })
  }
  if (statement.spilled > limits.spillBytes) {
    const text = `the statement sets more than ${megabytes(limits.spillBytes)} aside on disk`
    const hint = "Sort, join or group fewer rows at once, or have sql_limits.statement_spill raised."
    return new PgError("53400", text, { hint })
  }
  return undefined
}

/** All statements together may spill this many times the bytes that one statement may spill. */
const spillsOfAll = 2

interface UserUse {
  bytes: number
  /** Of the user's statements that can be stopped, the one that holds the most. */
  largest: Statement | undefined
}

/** The use of each user: the sum of `held` (bytes of one statement) over the user's statements. */
function byUser(statements: readonly Statement[], held: (statement: Statement) => number): UserUse[] {
  const users = new Map<string, UserUse>()
  for (const statement of statements) {
    const use = users.get(statement.user) ?? { bytes: 0, largest: undefined }
    users.set(statement.user, use)
    use.bytes += held(statement)
    if (statement.calls > 0 && (use.largest === undefined || held(statement) > held(use.largest))) {
      use.largest = statement
    }
  }
  return [...users.values()]
}

/**
 * The user who holds the most, of those with a statement that can be stopped; and the bytes of all users together.
 */
function greediestOf(statements: readonly Statement[], held: (statement: Statement) => number) {
  const users = byUser(statements, held)
  const all = users.reduce((sum, { bytes }) => sum + bytes, 0)
  // Users are compared, not statements: a user who holds little is not stopped because another user's many statements
  // hold much.
  const greediest = users.toSorted((a, b) => b.bytes - a.bytes).find(({ largest }) => largest !== undefined)
  return { all, bytes: greediest?.bytes ?? 0, largest: greediest?.largest }
}

function diskCrowded(whose: string, limitBytes: number): PgError {
  return new PgError(
    "53400",
    `all statements ${whose} together set more than ${megabytes(limitBytes)} aside on disk`,
    { hint: "This one set the most aside. Sort, join or group fewer rows at once, or run fewer statements." },
  )
}

function overShare(): PgError {
  return new PgError(
    "53200",
    "out of memory: all statements of this user together need more than one user may have",
    {
      hint: "This one held the most. Run fewer statements at once, or select fewer rows.",
    },
  )
}

function crowded(): PgError {
  return new PgError("53200", "out of memory: all statements together need more than is left to them", {
    hint: "This one held the most. Try again when others have ended, or select fewer rows at once.",
  })
}

interface Over {
  statement: Statement
  reason: PgError
}

/** Whom to stop for what all hold in memory. */
function overMemory(running: readonly Statement[], limits: MemoryLimits): Over | undefined {
  const { all, bytes, largest } = greediestOf(running, heldBy)
  if (largest === undefined) return undefined
  if (all > limits.allBytes) return { statement: largest, reason: crowded() }
  if (bytes > (limits.userBytes ?? limits.allBytes)) return { statement: largest, reason: overShare() }
  return undefined
}

/** Whom to stop for what all set aside: any one statement may be within its limit, and many of them fill the disk. */
function overDisk(running: readonly Statement[], { spillBytes }: MemoryLimits): Over | undefined {
  const { all, bytes, largest } = greediestOf(running, ({ spilled }) => spilled)
  if (largest === undefined) return undefined
  const ofAll = spillsOfAll * spillBytes
  if (all > ofAll) return { statement: largest, reason: diskCrowded("of all users", ofAll) }
  if (bytes > spillBytes) return { statement: largest, reason: diskCrowded("of this user", spillBytes) }
  return undefined
}

function stop(statement: Statement, reason: PgError): void {
  statement.isStopped = statement.stop(reason)
}

/** Stops who holds too much, of the statements that are not over. */
function judge(current: readonly Statement[], limits: MemoryLimits): void {
  const running = current.filter(({ isStopped }) => !isStopped)
  for (const statement of running) {
    const reason = tooMuch(statement, limits)
    if (reason) stop(statement, reason)
  }
  // What is being stopped gives back first.
  if (running.length < current.length || running.some(({ isStopped }) => isStopped)) return
  const over = overMemory(running, limits) ?? overDisk(running, limits)
  if (over) stop(over.statement, over.reason)
}

export function memoryWatch(
  reader: MemoryUseReader,
  limits: MemoryLimits,
  onError: (error: unknown) => void,
): MemoryWatch {
  const statements = statementsOfAll()
  let before: MemoryUse | undefined
  let looking: PeriodicTask | undefined
  let isLooking = false
  let isClosed = false

  async function look(): Promise<void> {
    const times = statements.takeTimes()
    const sum = [...times.values()].reduce((total, ms) => total + ms, 0)
    if (sum === 0) {
      void looking?.stop()
      looking = undefined
      before = undefined
      return
    }
    // Nothing lasts as long as to be worth a look.
    if (before === undefined && !statements.isAnyInside()) return
    const now = await reader.read()
    if (before !== undefined) charge(times, before, now)
    before = now
    judge(statements.current(), limits)
  }

  async function turn(): Promise<void> {
    isLooking = true
    try {
      await look()
    } finally {
      isLooking = false
      if (isClosed) reader.close()
    }
  }

  function enter(statement: Statement): void {
    if (statement.calls++ === 0) statement.insideSinceMs = performance.now()
    looking ??= startPeriodicTask({ everyMs: lookEveryMs, work: turn, onError, keepsAlive: false })
  }

  return {
    open: (stop, user = "") => {
      let current = statements.begin(user, stop)
      return {
        inside: async (call) => {
          const statement = current
          enter(statement)
          try {
            return await call()
          } finally {
            leave(statement)
          }
        },
        ended: (keepsSome) => {
          if (keepsSome) return void Object.assign(current, { isStopped: false, ageMs: 0, rates: noUse })
          statements.end(current)
          current = statements.begin(user, stop)
        },
        close: () => statements.end(current),
      }
    },
    close: () => {
      isClosed = true
      void looking?.stop()
      if (!isLooking) reader.close()
    },
  }
}
