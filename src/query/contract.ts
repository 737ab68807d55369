/** What the query room is to other rooms: an engine that opens sessions, and what the SQL port's own statements may ask of one. */
import type { SqlAccess } from "../control-plane/sql-users/sql-access.ts"
import type { SqlSession } from "../wire/pgwire/session.ts"
import type { Token } from "./text/tokens.ts"

/** Answers queries on the databases of one warehouse. */
export interface QueryEngine {
  /**
   * Opens a session. Throws PgError: 3D000 no such database, 42501 the user has nothing granted there, 58030 the database's
   * file cannot be opened, 0A000 a replication connection.
   */
  open(request: SessionRequest): Promise<QuerySession>
  /** The databases that exist now. */
  databases(): string[]
  /** Replicated databases are read-only to everybody. */
  isReplicated(database: string): boolean
  /** Has the catalogs show the users as they are now. */
  showUsers(): Promise<void>
  /** After the last session has ended. */
  close(): Promise<void>
}

/** Whose session it is to be, and what its door does itself. */
export interface SessionRequest {
  /** A known user, already authenticated. */
  user: string
  /** As the client sent them at start-up: `database`, `options`, and settings by name. */
  parameters: ReadonlyMap<string, string>
  /** What the session's database calls itself: its unqualified names are those of virtual tables there, too. Absent: by its own name. */
  shownDatabase?: string
  /** Reads a statement that the door runs itself; `undefined`: it is the engine's. Throws 42601. */
  readDoorStatement: ReadDoorStatement
  /**
   * An administrator is about to read governed tables (`database.schema.table`), which policies do not bind. Awaited before the
   * statement is prepared; absent: nobody asks.
   */
  onGovernedRead?(tables: readonly string[]): Promise<void>
  /** Called once, when the session has ended. */
  onClose(): void
}

/** One user's session on one database: `SqlSession` of the wire, and what the door has to know of it. */
export interface QuerySession extends SqlSession {
  readonly user: string
  readonly database: string
}

/** `tokens` are those of `text`, in which comments are blank; `typed` has them. */
export type ReadDoorStatement = (tokens: Token[], text: string, typed: string) => DoorStatement | undefined

/** A statement that no engine runs: CREATE DATABASE, GRANT, COPY of files. */
export interface DoorStatement {
  /** Names of the result's columns, all text; `undefined`: it has no rows. */
  columns: string[] | undefined
  /** Its words where it changes something, which a read-only transaction refuses. */
  changes?: string
  /** What the client should know before it runs. */
  notices: string[]
  /**
   * A query of the statement's, judged, planned and run as the user's own, with the client's parameters; at most 10,000 rows. Absent: `run`
   * gets no rows, and the statement takes no parameters.
   */
  query?: string
  /** Throws PgError. */
  run(session: StatementSession, rows: readonly TextRow[]): Promise<Answer>
}

/** Cells as PostgreSQL's text; `null`: NULL. */
export type TextRow = readonly (string | null)[]

/** The answer to a statement that no engine runs. */
export interface Answer {
  rows: (string | null)[][]
  /** The command tag. */
  tag: string
}

/** What a statement of the door may ask of the session in which it runs. */
export interface StatementSession {
  /** As `pg_backend_pid()` shows it. */
  readonly id: number
  readonly transaction: StatementTransaction
  /** Where its unqualified names are looked for. */
  readonly place: NamePlace
  /** What the user may do now. Throws 57P01 when there is no such user any more. */
  access(): Promise<SqlAccess>
  /** The value of a setting now; `undefined`: there is none of that name. */
  setting(name: string): string | undefined
  /** The table or view that a name of one to three parts means. */
  findRelation(name: readonly string[]): Promise<RelationName | undefined>
  /** The schemas of that name, in whichever database. */
  findSchemas(name: string): Promise<{ database: string; schema: string }[]>
  /** Runs SQL of the warehouse's own on the session's connection, in its transaction; rows as text. */
  run: RunInSession
  /**
   * From now on governed tables are shown as they are shown to this person; `undefined`: as to the session's own user.
   * Throws PgError: 42501, 42704, 42725. Gives the person's account in warehouses.
   */
  impersonate(name: string | undefined): string | undefined
  /** The session's last COPY, as functions of the cloud tell of it. */
  copied(copy: LastCopy): void
  /** Throws what has ended the statement meanwhile: a cancel, a time-out. */
  alive(): Promise<void>
}

/** What a COPY was called in the system views, and how many rows it loaded. */
export interface LastCopy {
  queryId: number
  rows: number
}

/** See `StatementSession.run`. */
export type RunInSession = (sql: string) => Promise<string[][]>

/** The session's transaction, as far as a statement of the door may touch it. Each method throws PgError. */
export interface StatementTransaction {
  /** Throws 25P02 in a failed transaction. */
  assertUsable(): void
  /** Throws 25006 in a read-only transaction; `what`: the statement's words. */
  assertWritable(what: string): void
  /** BEGIN was said. */
  isExplicit(): boolean
  /** Begins the implicit transaction if none runs. */
  ensure(): Promise<void>
  /** The rest of the transaction may write in this database only. */
  writeOnlyIn(database: string): Promise<void>
  /** Ends an implicit transaction; leaves an explicit one. */
  endImplicit(failed: boolean): Promise<void>
  /** The statement changes something. */
  wrote(): void
}

/** A table or view as the warehouse spells it. */
export interface RelationName {
  database: string
  schema: string
  name: string
  isView?: boolean
  /** Of the session alone, in no database of the warehouse. */
  isTemporary?: true
}

/** Where names are looked for. */
export interface NamePlace {
  /** The session's database. */
  database: string
  /** Schemas in which unqualified names are looked for, in order. */
  searchPath: readonly string[]
}

/** Millrace's own records live in this schema of every destination database; only administrators read them. */
export const hiddenSchemas: ReadonlySet<string> = new Set(["millrace"])
