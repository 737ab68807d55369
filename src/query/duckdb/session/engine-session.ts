import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBType, DuckDBValue } from "@duckdb/node-api"
import { type Deadline, startDeadline } from "../../../concurrency/deadline.ts"
import { quoteIdentifier, quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { EngineSemaphore, EngineUser, Turn } from "../places/engine-semaphore.ts"
import type { MemoryWatch } from "../places/memory-watch.ts"
import type { EnginePortal } from "../portals/engine-portal.ts"
import type { BoundValue } from "../values/parameters.ts"
import { type Discretion, discreet } from "./discreet-errors.ts"
import { engineError } from "./engine-errors.ts"
import { type Transaction, transactionOn } from "./transaction.ts"

/** One DuckDB connection, used by one statement at a time, that can be stopped at any moment. */
export interface EngineSession {
  transaction: Transaction
  /** `shownSql`, `isVeiled`: as for `call`. The engine works out constants, and looks at values, when it plans. */
  prepare(sql: string, as: { shownSql?: string; isVeiled: boolean }): Promise<DuckDBPreparedStatement>
  /**
   * Runs a call into the engine: takes its turn, and turns errors into PostgreSQL's. `isVeiled`: of somebody who sees no more
   * than some rows, by a view or by policies, no error shows a value.
   */
  call<T>(run: () => Promise<T>, shownSql?: string, isVeiled?: boolean): Promise<T>
  /**
   * The engine has given the transaction up. It says so when asked only: to whoever fetches rows, an error looks like
   * their end. Works out the names in a query, which it does in no such transaction, because that is done at once.
   */
  isAborted(): boolean
  /** A prepared statement that is not wanted any more. */
  discard(prepared: DuckDBPreparedStatement): void
  /** Makes way: a half-read result of another portal is read into memory first. */
  claim(portal: EnginePortal | undefined): Promise<void>
  release(portal: EnginePortal): void
  /** A question of our own: all its rows, as text. */
  ask(sql: string): Promise<string[][]>
  /** Text as a value of the type it is to have. Throws 22P02 and its kin. */
  cast(bound: Extract<BoundValue, { kind: "cast" }>): Promise<{ value: DuckDBValue; type: DuckDBType }>
  /** Marks the time in which `cancel` means something; starts the statement's time limit. */
  beginStatement(timeoutMs: number): void
  endStatement(): void
  /** False: nothing runs. */
  cancel(reason?: PgError): boolean
  setSearchPath(schemas: string[]): Promise<void>
  /** Throws 22023 for a zone that the engine does not know. */
  setTimeZone(zone: string): Promise<void>
  close(): void
}

/** How long the engine may take to heed a cancel before the client is answered without it. */
const heedsCancelWithinMs = 5000

/** The engine runs on in a thread of its own, which nothing can end: the session cannot be used any more. */
function givenUp(reason: PgError): PgError {
  return new PgError(reason.code, `${reason.message}; the engine could not be stopped, so the session ends`, {
    fatal: true,
    hint: "One call of a function took too long. The place that it holds among your statements is free again when it has ended.",
  })
}

function cancelledByUser(): PgError {
  return new PgError("57014", "canceling statement due to user request")
}

export function engineSession(
  connection: DuckDBConnection,
  gate: EngineSemaphore,
  user: () => EngineUser,
  database: string,
  mayWrite: () => boolean,
  isReadOnlyByDefault: () => boolean,
  memory: MemoryWatch | undefined,
  /** What its user may be told now. */
  discretion: () => Exclude<Discretion, "veiled">,
): EngineSession {
  let active: EnginePortal | undefined
  /** Begun and not finished: they hold rows, or the place in them. */
  const begun = new Set<EnginePortal>()
  const account = memory?.open((reason) => cancel(reason), user().name)
  let running = false
  let cancelled: PgError | undefined
  let timeLimit: Deadline | undefined
  /** The one call that waits for its turn. */
  let turn: Turn | undefined
  /** Settles with the call that is inside the engine. */
  let inside: Promise<unknown> | undefined
  let giveUp: ((reason: PgError) => void) | undefined
  let patience: Deadline | undefined
  let lost: PgError | undefined

  async function enter<T>(run: () => Promise<T>): Promise<T> {
    turn = undefined
    if (cancelled) throw cancelled
    const running = account ? account.inside(run) : run()
    inside = running
      .catch(() => undefined)
      .finally(() => {
        inside = undefined
      })
    return running
  }

  /** Ends with the engine's call, or a while after a cancel that the engine does not heed. */
  function unlessGivenUp<T>(running: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      giveUp = reject
      const settled = () => {
        patience?.end()
        patience = undefined
        giveUp = undefined
      }
      running.finally(settled).then(resolve, reject)
    })
  }

  async function call<T>(run: () => Promise<T>, shownSql?: string, isVeiled = false): Promise<T> {
    if (lost) throw lost
    try {
      const inTurn = gate.run(
        user(),
        () => enter(run),
        (one) => {
          turn = one
        },
      )
      const answer = await unlessGivenUp(inTurn)
      // What is stopped while rows are fetched looks like the end of the rows.
      if (cancelled) throw cancelled
      return answer
    } catch (error) {
      if (cancelled) throw cancelled
      const level = discretion()
      throw engineError(discreet(error, isVeiled && level !== "all" ? "veiled" : level), shownSql)
    }
  }

  function cancel(reason: PgError = cancelledByUser()): boolean {
    if (!running) return false
    cancelled ??= reason
    turn?.withdraw(cancelled)
    connection.interrupt()
    if (giveUp) patience ??= startDeadline(heedsCancelWithinMs, abandon)
    return true
  }

  /** The place in the gate stays taken for as long as the engine's thread is. */
  function abandon(): void {
    if (cancelled === undefined) return
    lost = givenUp(cancelled)
    cancelled = lost
    giveUp?.(lost)
  }

  /** Now, or when the engine has come back from the call that nobody waits for: until then its thread has them. */
  function whenOutside(run: () => void): void {
    if (inside === undefined) run()
    // `inside` never rejects.
    else void inside.then(run)
  }

  function leave(): void {
    connection
      .run("ROLLBACK")
      .catch(() => undefined)
      .finally(() => connection.closeSync())
  }

  function endStatement(): void {
    running = false
    cancelled = undefined
    timeLimit?.end()
    timeLimit = undefined
    account?.ended(begun.size > 0)
  }

  async function setSearchPath(schemas: string[]): Promise<void> {
    const path = schemas.map((schema) => `${quoteIdentifier(database)}.${quoteIdentifier(schema)}`).join(",")
    await connection.run(`SET search_path = ${quoteLiteral(path)}`)
  }

  async function setTimeZone(zone: string): Promise<void> {
    await connection.run(`SET SESSION TimeZone = ${quoteLiteral(zone)}`).catch(() => {
      throw new PgError("22023", `invalid value for parameter "TimeZone": "${zone}"`)
    })
  }

  return {
    transaction: transactionOn(connection, mayWrite, isReadOnlyByDefault),
    call,
    prepare: (sql, { shownSql, isVeiled }) => call(() => connection.prepare(sql), shownSql, isVeiled),
    ask: (sql) =>
      call(async () => {
        const rows = await (await connection.run(sql)).getRows()
        return rows.map((row) => row.map(String))
      }),
    cast: async ({ value, type, castTo }) => {
      const result = await connection.run(`SELECT CAST($1 AS ${castTo})`, [value], [type])
      return { value: (await result.getRows())[0]?.[0] ?? null, type: result.columnType(0) }
    },
    isAborted: () => !connection.getTableNames("FROM a", false).includes("a"),
    discard: (prepared) => whenOutside(() => prepared.destroySync()),
    claim: async (portal) => {
      if (active && active !== portal) await active.setAside()
      active = portal
      if (portal) begun.add(portal)
    },
    release: (portal) => {
      begun.delete(portal)
      if (active === portal) active = undefined
    },
    beginStatement: (timeoutMs) => {
      if (running) return
      running = true
      if (timeoutMs > 0) {
        const timedOut = new PgError("57014", "canceling statement due to statement timeout")
        timeLimit = startDeadline(timeoutMs, () => cancel(timedOut))
      }
    },
    endStatement,
    cancel,
    setSearchPath,
    setTimeZone,
    close: () => {
      endStatement()
      account?.close()
      // Not left to the closing: where the engine has shut the database off (its disk was full), a transaction that is
      // still open then ends the process. That there is none to roll back is the usual case.
      whenOutside(leave)
    },
  }
}
