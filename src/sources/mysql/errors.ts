import { Problem, type ProblemKind } from "../../domain/problems.ts"
import { plainMessage } from "../../replication/plain-message.ts"

// Error numbers of the servers' manuals ("Server Error Message Reference").
const byNumber: Record<number, ProblemKind> = {
  1044: "sourceRefusedLogin",
  1045: "sourceRefusedLogin",
  1130: "sourceRefusedLogin", // not from this host
  1251: "sourceRefusedLogin",
  1698: "sourceRefusedLogin",
  1820: "sourceRefusedLogin", // the password has expired
  1142: "sourcePrivileges",
  1143: "sourcePrivileges",
  1227: "sourcePrivileges",
  1040: "sourceUnreachable", // too many connections
  1053: "sourceUnreachable", // the server is shutting down
  1203: "sourceUnreachable", // too many connections of this user
  1317: "sourceUnreachable", // the statement was killed
  1927: "sourceUnreachable", // the connection was killed
  1205: "sourceBusy", // lock wait timeout
  1213: "sourceBusy", // deadlock
  1381: "sourceSettings", // no binary log
  1054: "tableFailed", // a column is gone
  1146: "tableFailed", // the table is gone
  1412: "tableFailed", // the table's definition changed since the snapshot
}

const binlogReadingFailed = 1236

/** Every error that talking to the server can raise, as a Problem. `doing` completes "while …". */
export function problemOf(error: unknown, doing: string): Problem {
  if (error instanceof Problem) return error
  const { errno, message } = serverErrorOf(error)
  if (errno !== undefined) return problemOfServer(errno, message, doing, error)
  return new Problem("sourceUnreachable", `The source does not answer (while ${doing}): ${message}.`, {
    cause: error,
  })
}

/** The driver gives errors of the system a number too: a negative one. */
function serverErrorOf(error: unknown): { errno: number | undefined; message: string } {
  const message = plainMessage(error)
  if (!(error instanceof Error) || !("errno" in error)) return { errno: undefined, message }
  return { errno: typeof error.errno === "number" && error.errno > 0 ? error.errno : undefined, message }
}

export function problemOfServer(errno: number, message: string, doing: string, cause?: unknown): Problem {
  const kind = errno === binlogReadingFailed ? binlogProblem(message) : byNumber[errno]
  const told = message.replace(/\.$/, "")
  return new Problem(kind ?? "sourceProtocol", `The source says (while ${doing}): ${told}.`, { cause })
}

/** One number stands for all that can be wrong with reading the log. */
function binlogProblem(message: string): ProblemKind {
  if (/same server_(u?u?id)|same (server|slave|replica)/i.test(message)) return "sourceInUse"
  if (/purged|could not find|not in the master|missing|impossible|truncated|differ/i.test(message))
    return "sourceHistoryLost"
  return "sourceProtocol"
}

/** An error packet behind its first byte: number, `#` and SQLSTATE, message. */
export function readServerError(
  bytes: Buffer,
  start: number,
  end: number,
): { errno: number; message: string } {
  const hasState = bytes[start + 3] === 0x23
  return {
    errno: bytes.readUInt16LE(start + 1),
    message: bytes.toString("utf8", start + (hasState ? 9 : 3), end),
  }
}
