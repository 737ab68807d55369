import { type PeriodicTask, startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { nextRate, type Sharer, sharesOf } from "./memory-shares.ts"
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

interface Account {
  user: string
  stop(reason: PgError): boolean
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

const lookEveryMs = 50

const noUse: MemoryUse = { fixedBytes: 0, countedBytes: 0, nativeBytes: 0, spilledBytes: 0 }
const measured = ["fixedBytes", "countedBytes", "nativeBytes", "spilledBytes"] as const

const nothing = {
  isStopped: false,
  ageMs: 0,
  rates: noUse,
  fixed: 0,
  counted: 0,
  countedAtMost: 0,
  native: 0,
  spilled: 0,
}

/** What the engine counts explains that much growth of the process; what lies beyond it, nobody limits but us. */
function heldBy({ fixed, native, countedAtMost }: Account): number {
  return Math.max(0, fixed) + Math.max(0, native - countedAtMost)
}

function add(account: Account, charged: MemoryUse): void {
  account.fixed = Math.max(0, account.fixed + charged.fixedBytes)
  account.counted += charged.countedBytes
  account.countedAtMost = Math.max(account.countedAtMost, account.counted)
  account.native += charged.nativeBytes
  account.spilled = Math.max(0, account.spilled + charged.spilledBytes)
}

/** Charges what changed between two looks to those who were inside, `times` saying for how many milliseconds. */
function charge(times: ReadonlyMap<Account, number>, before: MemoryUse, now: MemoryUse): void {
  const inside = [...times].filter(([, ms]) => ms > 0)
  const charged = inside.map(() => ({ ...noUse }))
  for (const key of measured) {
    const sharers: Sharer[] = inside.map(([{ ageMs, rates }, insideMs]) => {
      return { insideMs, ageMs, ratePerMs: rates[key] }
    })
    for (const [at, bytes] of sharesOf(sharers, now[key] - before[key]).entries()) {
      const [account, one, sharer] = [inside[at]?.[0], charged[at], sharers[at]]
      if (account === undefined || one === undefined || sharer === undefined) continue
      one[key] = bytes
      account.rates = { ...account.rates, [key]: nextRate(sharer, bytes) }
    }
  }
  for (const [at, [account, ms]] of inside.entries()) {
    add(account, charged[at] ?? noUse)
    account.ageMs += ms
  }
}

const megabytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`

const memoryHint =
  "Lists, texts and exact medians of many rows need it. Select or group fewer rows at once, or have sql_limits.statement_memory raised."

function leave(account: Account): void {
  if (--account.calls === 0) account.insideMs += performance.now() - account.insideSinceMs
}

/**
 * Milliseconds that the account's statement was inside the engine since the last call. Callers pass the same `now`
 * for all accounts, so that the shares add up exactly.
 */
function takeTime(account: Account, now: number): number {
  const insideMs = account.insideMs + (account.calls > 0 ? now - account.insideSinceMs : 0)
  account.insideMs = 0
  account.insideSinceMs = now
  return insideMs
}

function tooMuch(account: Account, limits: MemoryLimits): PgError | undefined {
  if (heldBy(account) > limits.statementBytes) {
    const text = `out of memory: the statement needs more than ${megabytes(limits.statementBytes)} that cannot be set aside on disk`
    return new PgError("53200", text, { hint: memoryHint })
  }
  if (account.spilled > limits.spillBytes) {
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
  largest: Account | undefined
}

/** The use of each user: the sum of `held` (bytes of one account) over the user's accounts. */
function byUser(accounts: readonly Account[], held: (account: Account) => number): UserUse[] {
  const users = new Map<string, UserUse>()
  for (const account of accounts) {
    const use = users.get(account.user) ?? { bytes: 0, largest: undefined }
    users.set(account.user, use)
    use.bytes += held(account)
    if (account.calls > 0 && (use.largest === undefined || held(account) > held(use.largest))) {
      use.largest = account
    }
  }
  return [...users.values()]
}

/**
 * The user who holds the most, of those with a statement that can be stopped; and the bytes of all users together.
 */
function greediestOf(accounts: readonly Account[], held: (account: Account) => number) {
  const users = byUser(accounts, held)
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
  account: Account
  reason: PgError
}

/** Whom to stop for what all hold in memory. */
function overMemory(running: readonly Account[], limits: MemoryLimits): Over | undefined {
  const { all, bytes, largest } = greediestOf(running, heldBy)
  if (largest === undefined) return undefined
  if (all > limits.allBytes) return { account: largest, reason: crowded() }
  if (bytes > (limits.userBytes ?? limits.allBytes)) return { account: largest, reason: overShare() }
  return undefined
}

/** Whom to stop for what all set aside: any one statement may be within its limit, and many of them fill the disk. */
function overDisk(running: readonly Account[], { spillBytes }: MemoryLimits): Over | undefined {
  const { all, bytes, largest } = greediestOf(running, ({ spilled }) => spilled)
  if (largest === undefined) return undefined
  const ofAll = spillsOfAll * spillBytes
  if (all > ofAll) return { account: largest, reason: diskCrowded("of all users", ofAll) }
  if (bytes > spillBytes) return { account: largest, reason: diskCrowded("of this user", spillBytes) }
  return undefined
}

export function memoryWatch(
  reader: MemoryUseReader,
  limits: MemoryLimits,
  onError: (error: unknown) => void,
): MemoryWatch {
  const accounts = new Set<Account>()
  let before: MemoryUse | undefined
  let looking: PeriodicTask | undefined
  let isLooking = false
  let isClosed = false

  function stop(account: Account, reason: PgError): void {
    account.isStopped = account.stop(reason)
  }

  function judge(): void {
    const running = [...accounts].filter(({ isStopped }) => !isStopped)
    for (const account of running) {
      const reason = tooMuch(account, limits)
      if (reason) stop(account, reason)
    }
    // What is being stopped gives back first.
    if (running.length < accounts.size || running.some(({ isStopped }) => isStopped)) return
    const over = overMemory(running, limits) ?? overDisk(running, limits)
    if (over) stop(over.account, over.reason)
  }

  async function look(): Promise<void> {
    const nowMs = performance.now()
    const times = new Map([...accounts].map((account) => [account, takeTime(account, nowMs)]))
    const sum = [...times.values()].reduce((total, ms) => total + ms, 0)
    if (sum === 0) {
      void looking?.stop()
      looking = undefined
      before = undefined
      return
    }
    // Nothing lasts as long as to be worth a look.
    if (before === undefined && [...accounts].every(({ calls }) => calls === 0)) return
    const now = await reader.read()
    if (before !== undefined) charge(times, before, now)
    before = now
    judge()
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

  function enter(account: Account): void {
    if (account.calls++ === 0) account.insideSinceMs = performance.now()
    looking ??= startPeriodicTask({ everyMs: lookEveryMs, work: turn, onError, keepsAlive: false })
  }

  return {
    open: (stop, user = "") => {
      const account: Account = { stop, user, calls: 0, insideSinceMs: 0, insideMs: 0, ...nothing }
      accounts.add(account)
      return {
        inside: async (call) => {
          enter(account)
          try {
            return await call()
          } finally {
            leave(account)
          }
        },
        ended: (keepsSome) =>
          Object.assign(account, keepsSome ? { isStopped: false, ageMs: 0, rates: noUse } : nothing),
        close: () => accounts.delete(account),
      }
    },
    close: () => {
      isClosed = true
      void looking?.stop()
      if (!isLooking) reader.close()
    },
  }
}
