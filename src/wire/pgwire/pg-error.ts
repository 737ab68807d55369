/** Five characters, PostgreSQL's appendix A. */
export type SqlState = string

/** An error as the protocol carries it. Everything in it is sent to the client. */
export class PgError extends Error {
  readonly code: SqlState
  readonly detail: string | undefined
  readonly hint: string | undefined
  /** Where in the query text, counted in characters from 1. */
  readonly position: number | undefined
  /** FATAL: the connection ends after it. */
  readonly fatal: boolean

  constructor(
    code: SqlState,
    message: string,
    extra: { detail?: string; hint?: string; position?: number; fatal?: boolean } = {},
  ) {
    super(message)
    this.name = "PgError"
    this.code = code
    this.detail = extra.detail
    this.hint = extra.hint
    this.position = extra.position
    this.fatal = extra.fatal ?? false
  }
}
