/** What a server writes its log with; pino fits. Fields must hold no secret and no row value. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** An error as log fields: its kind, words and place, but none of the data that drivers hang on their errors. */
export function errorFields(error: unknown): {
  error: { name: string; message: string; code?: string; stack?: string }
} {
  if (!(error instanceof Error)) return { error: { name: typeof error, message: "not an Error" } }
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {}
  const stack = error.stack === undefined ? {} : { stack: error.stack }
  return { error: { name: error.name, message: error.message, ...code, ...stack } }
}
