import type { DuckDBConnection } from "@duckdb/node-api"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import type { TransactionStatus } from "../../wire/pgwire/session.ts"

/**
 * PostgreSQL's transaction states over DuckDB's: an implicit transaction per batch, an explicit one from BEGIN on, and
 * the failed one that refuses everything until ROLLBACK. Whoever may not write gets `READ ONLY` from the engine
 * itself, so that no statement we misjudge can change anything.
 */
export interface Transaction {
  status(): TransactionStatus
  isExplicit(): boolean
  /** Begins the implicit transaction if none runs. Throws 25P02 in a failed one. */
  ensure(): Promise<void>
  /** True when a transaction was already open, which PostgreSQL only warns about. */
  begin(readOnly: boolean): Promise<void>
  /** The tag: a failed transaction ends in ROLLBACK whatever was asked. */
  commit(): Promise<"COMMIT" | "ROLLBACK">
  rollback(): Promise<void>
  /** After an error within. */
  fail(): Promise<void>
  /** Ends an implicit transaction; leaves an explicit one. */
  endImplicit(failed: boolean): Promise<void>
  assertUsable(): void
}

type State = "none" | "implicit" | "explicit" | "failed"

/** `mayWrite` is asked at each beginning: a database may become replicated while a session lasts. */
export function transactionOn(connection: DuckDBConnection, mayWrite: () => boolean): Transaction {
  let state: State = "none"

  async function open(next: "implicit" | "explicit", readOnly: boolean): Promise<void> {
    await connection.run(readOnly || !mayWrite() ? "BEGIN TRANSACTION READ ONLY" : "BEGIN TRANSACTION")
    state = next
  }

  async function undo(): Promise<void> {
    const wasOpen = state === "implicit" || state === "explicit"
    state = "none"
    if (wasOpen) await connection.run("ROLLBACK")
  }

  async function keep(): Promise<void> {
    const wasOpen = state === "implicit" || state === "explicit"
    state = "none"
    if (!wasOpen) return
    try {
      await connection.run("COMMIT")
    } catch (error) {
      // A COMMIT that fails leaves nothing open in DuckDB; ROLLBACK then only says so.
      await connection.run("ROLLBACK").catch(() => undefined)
      throw error
    }
  }

  function assertUsable(): void {
    if (state === "failed") {
      throw new PgError(
        "25P02",
        "current transaction is aborted, commands ignored until end of transaction block",
      )
    }
  }

  return {
    status: () => (state === "failed" ? "E" : state === "explicit" ? "T" : "I"),
    isExplicit: () => state === "explicit" || state === "failed",
    assertUsable,
    ensure: async () => {
      assertUsable()
      if (state === "none") await open("implicit", false)
    },
    begin: async (readOnly) => {
      assertUsable()
      if (state === "explicit") return
      // What came before BEGIN in the same batch belongs to the transaction, as in PostgreSQL.
      if (state === "implicit" && !readOnly) state = "explicit"
      else {
        await keep()
        await open("explicit", readOnly)
      }
    },
    commit: async () => {
      if (state === "failed") {
        state = "none"
        return "ROLLBACK"
      }
      await keep()
      return "COMMIT"
    },
    rollback: async () => {
      if (state === "failed") state = "none"
      else await undo()
    },
    fail: async () => {
      const wasExplicit = state === "explicit"
      if (state !== "failed") await undo()
      if (wasExplicit) state = "failed"
    },
    endImplicit: async (failed) => {
      if (state !== "implicit") return
      if (failed) await undo()
      else await keep()
    },
  }
}
