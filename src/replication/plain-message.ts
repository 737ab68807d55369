/** Node joins several attempts to connect into an error without a message of its own. */
export function plainMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map(plainMessage).join("; ")
  return error instanceof Error ? error.message : String(error)
}
