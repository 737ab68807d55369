/** What a server writes its log with; pino fits. Fields must hold no secret and no row value. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface LoggedError {
  name: string
  message: string
  code?: string
  stack?: string
  /** What the error came of, and that of. */
  cause?: string[]
}

/** An error as log fields: its kind, words and place, but none of the data that drivers hang on their errors. */
export function errorFields(error: unknown): { error: LoggedError } {
  if (!(error instanceof Error)) return { error: { name: typeof error, message: "not an Error" } }
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {}
  const stack = error.stack === undefined ? {} : { stack: error.stack }
  const causes = causesOf(error)
  const cause = causes.length === 0 ? {} : { cause: causes }
  return { error: { name: error.name, message: error.message, ...code, ...stack, ...cause } }
}

const causesAtMost = 5

function causesOf(error: Error): string[] {
  const causes: string[] = []
  for (let at = error.cause; at instanceof Error && causes.length < causesAtMost; at = at.cause)
    causes.push(at.message)
  return causes
}
