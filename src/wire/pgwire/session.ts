import type { PgError } from "./pg-error.ts"

/** What stands behind the protocol: one `SqlSession` per connection. The wire knows no more of SQL than this. */
export interface Field {
  name: string
  typeOid: number
  /** Bytes; -1: variable. */
  typeSize: number
  typeModifier: number
}

/** One column of a batch: text or bytes, as the column's format asks; `null` is NULL. */
export type EncodedColumn = (string | Uint8Array | null)[]

export interface RowBatch {
  rowCount: number
  columns: EncodedColumn[]
}

/** 0 text, 1 binary. */
export type Format = 0 | 1

export interface Portal {
  /** `undefined`: returns no rows (NoData). */
  fields: Field[] | undefined
  formats: Format[]
  /** COPY … TO STDOUT: batches of one column, each entry of which is one piece of copy data. */
  copy?: { format: Format; columns: number }
  /** At most `maxRows` rows; `undefined` when there are no more. */
  next(maxRows: number): Promise<RowBatch | undefined>
  /** The command tag once rows are exhausted: `SELECT`, `INSERT 0 3`; a trailing row count is added to `SELECT`. */
  tag(rowsSent: number): string
  /** Lets go of the engine's result; repeatable. */
  close(): void
}

export interface Prepared {
  parameterOids: number[]
  fields: Field[] | undefined
  bind(values: (Uint8Array | null)[], formats: Format[], resultFormats: Format[]): Promise<Portal>
  close(): void
}

/** I idle, T in a transaction, E in a failed one. */
export type TransactionStatus = "I" | "T" | "E"

export interface SqlSession {
  /** Parameters reported at start-up and again by `takeChangedParameters`. */
  parameters(): Record<string, string>
  takeChangedParameters(): Record<string, string>
  /** What the client should know of the statements prepared since the last call. */
  takeNotices(): string[]
  /** Names of prepared statements that a statement let go of since the last call; `undefined` among them: of all. */
  takeReleased(): (string | undefined)[]
  /** The columns of a cursor that a statement declared, which clients describe like a portal; undefined: there is none. */
  cursorFields(name: string): Field[] | undefined
  /** Cuts a simple query into statements; empty: EmptyQueryResponse. Throws PgError on text that cannot be cut. */
  split(sql: string): string[]
  prepare(sql: string, parameterOids: number[]): Promise<Prepared>
  /** The end of a simple query, or Sync: the implicit transaction commits, or rolls back if something failed. */
  endBatch(failed: boolean): Promise<void>
  status(): TransactionStatus
  /** How long the client may say nothing now, and what it is told then; undefined: as long as it likes. */
  idleLimit(): { afterMs: number; error: PgError } | undefined
  /** Stops the running statement, if any; returns at once. */
  cancel(): void
  /** Any thrown value as the client may see it. */
  asPgError(error: unknown): PgError
  close(): Promise<void>
}
