import type { DuckDBConnection } from "@duckdb/node-api"
import { quoteIdentifier } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { TransactionStatus } from "../../../wire/pgwire/session.ts"
import { type Savepoints, savepointsOf } from "./savepoints.ts"

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
  /** As `ensure`, for what was found to be the exception among what cannot be written; not in an explicit one: 25001. */
  ensureWriting(): Promise<void>
  /**
   * From here on the engine refuses whatever would change another database: a transaction of its may change one, and to
   * it this statement is a change, though it does nothing. So what we misread in a statement cannot reach further.
   */
  writeOnlyIn(database: string): Promise<void>
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
  /** After `fail`: something that is read apart from it. */
  aside(read: () => Promise<void>): Promise<void>
  /** A statement has changed something. */
  wrote(): void
  savepoint(name: string): void
  release(name: string): void
  /** See `Savepoints`. Throws 0A000 where changes would have to be undone one by one. */
  rollbackTo(name: string): Promise<void>
  /** Called whenever what the engine's transaction saw is gone. */
  onEnd(listener: () => void): void
  /** Awaited after each COMMIT of the engine, before the client is told. Must not throw. */
  onCommitted(listener: () => Promise<void>): void
}

type State = "none" | "implicit" | "explicit" | "failed"

/** `mayWrite` is asked at each beginning: a database may become replicated while a session lasts. */
export function transactionOn(connection: DuckDBConnection, mayWrite: () => boolean): Transaction {
  let state: State = "none"
  /** The engine has a transaction; a failed one of ours may go on having it, for ROLLBACK TO. */
  let isOpen = false
  let isReadOnly = false
  const savepoints: Savepoints = savepointsOf()
  const listeners: (() => void)[] = []
  const committed: (() => Promise<void>)[] = []

  async function open(
    next: "implicit" | "explicit",
    readOnly: boolean,
    may: () => boolean = mayWrite,
  ): Promise<void> {
    await connection.run(readOnly || !may() ? "BEGIN TRANSACTION READ ONLY" : "BEGIN TRANSACTION")
    state = next
    isOpen = true
    isReadOnly = readOnly
  }

  function ended(): void {
    isOpen = false
    for (const listener of listeners) listener()
  }

  async function undo(): Promise<void> {
    state = "none"
    savepoints.clear()
    if (!isOpen) return
    ended()
    await connection.run("ROLLBACK")
  }

  async function keep(): Promise<void> {
    state = "none"
    savepoints.clear()
    if (!isOpen) return
    ended()
    try {
      await connection.run("COMMIT")
    } catch (error) {
      // A COMMIT that fails leaves nothing open in DuckDB; ROLLBACK then only says so.
      await connection.run("ROLLBACK").catch(() => undefined)
      throw error
    }
    for (const listener of committed) await listener()
  }

  /** Errors found while a statement is prepared leave the engine's transaction as it was, those of its run end it. */
  async function isHealthy(): Promise<boolean> {
    return connection.run("SELECT 1").then(
      () => true,
      () => false,
    )
  }

  function assertUsable(): void {
    if (state === "failed") {
      throw new PgError(
        "25P02",
        "current transaction is aborted, commands ignored until end of transaction block",
      )
    }
  }

  function requireBlock(statement: string): void {
    if (state === "explicit" || state === "failed") return
    throw new PgError("25P01", `${statement} can only be used in transaction blocks`)
  }

  async function fail(): Promise<void> {
    if (state === "failed") return
    const wasExplicit = state === "explicit"
    if (wasExplicit && !savepoints.isEmpty() && (await isHealthy())) {
      state = "failed"
      return
    }
    const marked = savepoints.take()
    await undo()
    if (!wasExplicit) return
    savepoints.restore(marked)
    state = "failed"
  }

  async function rollbackTo(name: string): Promise<void> {
    requireBlock("ROLLBACK TO SAVEPOINT")
    const way = savepoints.back(name, isOpen)
    if (way === "beginAnew") {
      const marked = savepoints.take()
      await undo()
      await open("explicit", isReadOnly)
      savepoints.restore(marked)
    }
    state = "explicit"
  }

  return {
    status: () => (state === "failed" ? "E" : state === "explicit" ? "T" : "I"),
    isExplicit: () => state === "explicit" || state === "failed",
    assertUsable,
    ensure: async () => {
      assertUsable()
      if (state === "none") await open("implicit", false)
    },
    ensureWriting: async () => {
      assertUsable()
      if (state === "explicit") throw new PgError("25001", "this cannot run inside a transaction block")
      await keep()
      await open("implicit", false, () => true)
    },
    writeOnlyIn: async (database) => {
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(database)}.main`)
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
        await undo()
        return "ROLLBACK"
      }
      await keep()
      return "COMMIT"
    },
    rollback: undo,
    fail,
    endImplicit: async (failed) => {
      if (state !== "implicit") return
      if (failed) await undo()
      else await keep()
    },
    aside: async (read) => {
      await connection.run("BEGIN TRANSACTION READ ONLY")
      await read().finally(() => connection.run("ROLLBACK"))
    },
    wrote: savepoints.wrote,
    savepoint: (name) => {
      requireBlock("SAVEPOINT")
      savepoints.mark(name)
    },
    release: (name) => {
      requireBlock("RELEASE SAVEPOINT")
      savepoints.release(name)
    },
    rollbackTo,
    onEnd: (listener) => void listeners.push(listener),
    onCommitted: (listener) => void committed.push(listener),
  }
}
