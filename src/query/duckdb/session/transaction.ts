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
  /** SET TRANSACTION READ ONLY or READ WRITE in an explicit one. Throws 25001 for READ WRITE after changes. */
  setMode(readOnly: boolean): Promise<void>
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
  /** What runs now, or the next statement's where none does. */
  isReadOnly(): boolean
  /** Throws 25006 where it is read-only; `what`: the statement's words. */
  assertWritable(what: string): void
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

/** `none`: the next statement begins one. `failed`: everything is refused until ROLLBACK. */
type State = "none" | "implicit" | "explicit" | "failed"

interface Block {
  readonly connection: DuckDBConnection
  /** Asked at each beginning: a database may become replicated while a session lasts. */
  readonly mayWrite: () => boolean
  /** default_transaction_read_only. */
  readonly isReadOnlyByDefault: () => boolean
  readonly savepoints: Savepoints
  readonly onEnd: (() => void)[]
  readonly onCommitted: (() => Promise<void>)[]
  state: State
  /** The transaction holds changes. */
  hasWritten: boolean
  /** Whether the engine has a transaction; for a failed one of ours it may go on having it, for ROLLBACK TO. */
  engine: "open" | "ended"
  access: Access
}

/** What a transaction was begun for; `write`: where the user may write at all. */
type Access = "read" | "write"

/** `mayWrite` is asked at each beginning: a database may become replicated while a session lasts. */
export function transactionOn(
  connection: DuckDBConnection,
  mayWrite: () => boolean,
  isReadOnlyByDefault: () => boolean,
): Transaction {
  const block: Block = {
    connection,
    mayWrite,
    isReadOnlyByDefault,
    savepoints: savepointsOf(),
    onEnd: [],
    onCommitted: [],
    state: "none",
    hasWritten: false,
    engine: "ended",
    access: "write",
  }
  return {
    ...savepointsIn(block),
    status: () => (block.state === "failed" ? "E" : block.state === "explicit" ? "T" : "I"),
    isExplicit: () => block.state === "explicit" || block.state === "failed",
    assertUsable: () => assertUsable(block),
    isReadOnly: () => isReadOnly(block),
    assertWritable: (what) => assertWritable(block, what),
    async ensure() {
      assertUsable(block)
      if (block.state === "none") await open(block, "implicit", isReadOnlyByDefault() ? "read" : "write")
    },
    ensureWriting: () => ensureWriting(block),
    async writeOnlyIn(database) {
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(database)}.main`)
    },
    setMode: (readOnly) => setMode(block, readOnly ? "read" : "write"),
    begin: (readOnly) => begin(block, readOnly ? "read" : "write"),
    commit: () => commit(block),
    rollback: () => undo(block),
    fail: () => fail(block),
    async endImplicit(failed) {
      if (block.state !== "implicit") return
      if (failed) await undo(block)
      else await keep(block)
    },
    async aside(read) {
      await connection.run("BEGIN TRANSACTION READ ONLY")
      await read().finally(() => connection.run("ROLLBACK"))
    },
    wrote: () => wrote(block),
    onEnd: (listener) => void block.onEnd.push(listener),
    onCommitted: (listener) => void block.onCommitted.push(listener),
  }
}

function savepointsIn(block: Block): Pick<Transaction, "savepoint" | "release" | "rollbackTo"> {
  const { savepoints } = block
  return {
    savepoint(name) {
      requireBlock(block, "SAVEPOINT")
      savepoints.mark(name)
    },
    release(name) {
      requireBlock(block, "RELEASE SAVEPOINT")
      savepoints.release(name)
    },
    rollbackTo: (name) => rollbackTo(block, name),
  }
}

function wrote(block: Block): void {
  block.hasWritten = true
  block.savepoints.wrote()
}

function assertUsable({ state }: Block): void {
  if (state === "failed")
    throw new PgError(
      "25P02",
      "current transaction is aborted, commands ignored until end of transaction block",
    )
}

function isReadOnly({ state, access, isReadOnlyByDefault }: Block): boolean {
  return state === "none" ? isReadOnlyByDefault() : access === "read"
}

function assertWritable(block: Block, what: string): void {
  if (isReadOnly(block)) throw new PgError("25006", `cannot execute ${what} in a read-only transaction`)
}

function requireBlock({ state }: Block, statement: string): void {
  if (state === "explicit" || state === "failed") return
  throw new PgError("25P01", `${statement} can only be used in transaction blocks`)
}

async function open(
  block: Block,
  next: "implicit" | "explicit",
  access: Access,
  mayWrite: () => boolean = block.mayWrite,
): Promise<void> {
  const isReadOnly = access === "read" || !mayWrite()
  await block.connection.run(isReadOnly ? "BEGIN TRANSACTION READ ONLY" : "BEGIN TRANSACTION")
  block.state = next
  block.engine = "open"
  block.access = access
}

async function ensureWriting(block: Block): Promise<void> {
  assertUsable(block)
  if (block.state === "explicit") throw new PgError("25001", "this cannot run inside a transaction block")
  await keep(block)
  await open(block, "implicit", "write", () => true)
}

async function begin(block: Block, access: Access): Promise<void> {
  assertUsable(block)
  if (block.state === "explicit") return
  // What came before BEGIN in the same batch belongs to the transaction, as in PostgreSQL.
  if (block.state === "implicit" && access === block.access) {
    block.state = "explicit"
    return
  }
  await keep(block)
  await open(block, "explicit", access)
}

/** What has changes keeps them: from then on only our own look at each statement holds it to reading. */
async function setMode(block: Block, access: Access): Promise<void> {
  assertUsable(block)
  if (block.state !== "explicit" || block.access === access) return
  if (!block.hasWritten) {
    await keep(block)
    return open(block, "explicit", access)
  }
  if (access === "write")
    throw new PgError("25001", "transaction read-write mode must be set before any query")
  block.access = access
}

async function commit(block: Block): Promise<"COMMIT" | "ROLLBACK"> {
  if (block.state === "failed") {
    await undo(block)
    return "ROLLBACK"
  }
  await keep(block)
  return "COMMIT"
}

/** Ends what there is; `open`: the engine still has to be told. */
function endBlock(block: Block): "open" | "ended" {
  const { engine, savepoints } = block
  block.state = "none"
  block.hasWritten = false
  savepoints.clear()
  if (engine === "open") {
    block.engine = "ended"
    for (const listener of block.onEnd) listener()
  }
  return engine
}

async function undo(block: Block): Promise<void> {
  if (endBlock(block) === "open") await block.connection.run("ROLLBACK")
}

async function keep(block: Block): Promise<void> {
  if (endBlock(block) === "ended") return
  const { connection } = block
  try {
    await connection.run("COMMIT")
  } catch (error) {
    // A COMMIT that fails leaves nothing open in DuckDB; ROLLBACK then only says so.
    await connection.run("ROLLBACK").catch(() => undefined)
    throw error
  }
  for (const listener of block.onCommitted) await listener()
}

async function fail(block: Block): Promise<void> {
  const { savepoints, state } = block
  if (state === "failed") return
  if (state === "explicit" && !savepoints.isEmpty() && (await isHealthy(block))) {
    block.state = "failed"
    return
  }
  const marked = savepoints.take()
  await undo(block)
  if (state !== "explicit") return
  savepoints.restore(marked)
  block.state = "failed"
}

/** Errors found while a statement is prepared leave the engine's transaction as it was, those of its run end it. */
async function isHealthy({ connection }: Block): Promise<boolean> {
  return connection.run("SELECT 1").then(
    () => true,
    () => false,
  )
}

async function rollbackTo(block: Block, name: string): Promise<void> {
  requireBlock(block, "ROLLBACK TO SAVEPOINT")
  const { savepoints, engine, access } = block
  if (savepoints.back(name, engine) === "beginAnew") {
    const marked = savepoints.take()
    await undo(block)
    await open(block, "explicit", access)
    savepoints.restore(marked)
  }
  block.state = "explicit"
}
