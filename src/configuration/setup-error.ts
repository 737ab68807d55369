/** What keeps Millrace from starting and a person can mend. The message says how, and holds no secret. */
export class SetupError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = "SetupError"
  }
}

/** `ENOENT` and the like; undefined for anything that is no system error. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined
}
