import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBType, DuckDBValue } from "@duckdb/node-api"
import { quoteIdentifier, quoteLiteral } from "../../warehouses/duckdb/instance.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { engineError } from "./engine-errors.ts"
import type { EnginePortal } from "./engine-portal.ts"
import type { NativeGate } from "./native-gate.ts"
import type { BoundValue } from "./parameters.ts"
import { type Transaction, transactionOn } from "./transaction.ts"

/** One DuckDB connection, used by one statement at a time, that can be stopped at any moment. */
export interface EngineSession {
  transaction: Transaction
  prepare(sql: string, shownSql: string | undefined): Promise<DuckDBPreparedStatement>
  /** Runs a call into the engine: takes its turn, and turns errors into PostgreSQL's. */
  call<T>(run: () => Promise<T>, shownSql?: string): Promise<T>
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
  cancel(reason?: PgError): void
  setSearchPath(schemas: string[]): Promise<void>
  /** Throws 22023 for a zone that the engine does not know. */
  setTimeZone(zone: string): Promise<void>
  close(): void
}

function cancelledByUser(): PgError {
  return new PgError("57014", "canceling statement due to user request")
}

export function engineSession(
  connection: DuckDBConnection,
  gate: NativeGate,
  database: string,
  mayWrite: () => boolean,
): EngineSession {
  let active: EnginePortal | undefined
  let running = false
  let cancelled: PgError | undefined
  let timer: NodeJS.Timeout | undefined

  async function call<T>(run: () => Promise<T>, shownSql?: string): Promise<T> {
    try {
      return await gate.run(() => {
        if (cancelled) throw cancelled
        return run()
      })
    } catch (error) {
      if (cancelled) throw cancelled
      throw engineError(error, shownSql)
    }
  }

  function cancel(reason: PgError = cancelledByUser()): void {
    if (!running) return
    cancelled ??= reason
    connection.interrupt()
  }

  function endStatement(): void {
    running = false
    cancelled = undefined
    clearTimeout(timer)
    timer = undefined
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
    transaction: transactionOn(connection, mayWrite),
    call,
    prepare: (sql, shownSql) => call(() => connection.prepare(sql), shownSql),
    ask: (sql) =>
      call(async () => {
        const rows = await (await connection.run(sql)).getRows()
        return rows.map((row) => row.map(String))
      }),
    cast: async ({ value, type, castTo }) => {
      const result = await connection.run(`SELECT CAST($1 AS ${castTo})`, [value], [type])
      return { value: (await result.getRows())[0]?.[0] ?? null, type: result.columnType(0) }
    },
    claim: async (portal) => {
      if (active && active !== portal) await active.setAside()
      active = portal
    },
    release: (portal) => {
      if (active === portal) active = undefined
    },
    beginStatement: (timeoutMs) => {
      if (running) return
      running = true
      if (timeoutMs > 0) {
        const timedOut = new PgError("57014", "canceling statement due to statement timeout")
        timer = setTimeout(() => cancel(timedOut), timeoutMs)
      }
    },
    endStatement,
    cancel,
    setSearchPath,
    setTimeZone,
    close: () => {
      endStatement()
      // Not left to the closing: where the engine has shut the database off (its disk was full), a transaction that is
      // still open then ends the process. That there is none to roll back is the usual case.
      connection
        .run("ROLLBACK")
        .catch(() => undefined)
        .finally(() => connection.closeSync())
    },
  }
}
