import { ownValue } from "../../domain/own-value.ts"
import { Problem, type ProblemKind } from "../../domain/problems.ts"

// Names of errors as DynamoDB's and DynamoDB Streams' API references list them.
const byName: Record<string, ProblemKind> = {
  AccessDeniedException: "sourcePrivileges",
  UnrecognizedClientException: "sourceRefusedLogin",
  InvalidSignatureException: "sourceRefusedLogin",
  IncompleteSignatureException: "sourceRefusedLogin",
  MissingAuthenticationTokenException: "sourceRefusedLogin",
  ExpiredTokenException: "sourceRefusedLogin",
  CredentialsProviderError: "sourceRefusedLogin",
  ThrottlingException: "sourceBusy",
  ProvisionedThroughputExceededException: "sourceBusy",
  RequestLimitExceeded: "sourceBusy",
  LimitExceededException: "sourceBusy",
  InternalServerError: "sourceUnreachable",
  TrimmedDataAccessException: "sourceHistoryLost",
}

/** Every error that talking to DynamoDB can raise, as a Problem. `doing` completes "while …". */
export function problemOf(error: unknown, doing: string): Problem {
  if (error instanceof Problem) return error
  const name = nameOf(error)
  if (name === "AbortError")
    return new Problem("sourceUnreachable", `Given up (while ${doing}).`, { cause: error })
  const kind = ownValue(byName, name)
  if (kind !== undefined || isAnswer(error))
    return new Problem(kind ?? "sourceProtocol", `The source says (while ${doing}): ${said(error)}.`, {
      cause: error,
    })
  if (isOfNetwork(error))
    return new Problem("sourceUnreachable", `The source does not answer (while ${doing}): ${said(error)}.`, {
      cause: error,
    })
  return new Problem("internal", `Something unexpected happened while ${doing}.`, { cause: error })
}

/** Node's own errors have a code, the SDK's limits of time a name. */
function isOfNetwork(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isOfNetwork)
  const { code } = error as { code?: unknown }
  return typeof code === "string" || nameOf(error) === "TimeoutError"
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ""
}

/** Whether the server answered at all. */
function isAnswer(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } }
  return ($metadata?.httpStatusCode ?? 0) >= 400
}

/** Node joins several attempts to connect into an error without a message of its own. */
function said(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(said).join("; ")
  const text = error instanceof Error ? error.message || error.name : String(error)
  return text.replace(/\.$/, "")
}
