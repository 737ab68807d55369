import { ConnectionFault } from "../../connections/connection-fault.ts"
import { Problem, type ProblemKind } from "../../domain/problems.ts"
import { plainMessage } from "../../replication/plain-message.ts"

interface Known {
  kind: ProblemKind
  /** What to do, where the kind's own remedy does not tell. */
  remedy?: string
}

const unlock = "ALTER USER … ACCOUNT UNLOCK at the source."
const newPassword =
  "ALTER USER … IDENTIFIED BY … at the source (PASSWORD EXPIRE NEVER keeps it), and the new one in the source's url."
const useTls = "`tls: { mode: require }` or stronger in the source's entry"

// Error numbers of the servers' manuals ("Server Error Message Reference").
const byNumber: Record<number, Known> = {
  1044: { kind: "sourceRefusedLogin" },
  1045: {
    kind: "sourceRefusedLogin",
    remedy: `If both are right, the account may be of another host (CREATE USER …@'%'), or it takes only TLS (${useTls}) or a client certificate (\`cert\` and \`key\` there).`,
  },
  1129: {
    kind: "sourceRefusedLogin",
    remedy:
      "Too many connections from here have failed. TRUNCATE TABLE performance_schema.host_cache (MySQL) or FLUSH HOSTS (MariaDB).",
  },
  1130: { kind: "sourceRefusedLogin", remedy: "The user may not come from this host: CREATE USER …@'%'." },
  1251: { kind: "sourceRefusedLogin" },
  1698: { kind: "sourceRefusedLogin" },
  1820: { kind: "sourceRefusedLogin", remedy: newPassword },
  1862: { kind: "sourceRefusedLogin", remedy: newPassword },
  3118: { kind: "sourceRefusedLogin", remedy: unlock },
  4151: { kind: "sourceRefusedLogin", remedy: unlock }, // MariaDB's number for the same
  3955: { kind: "sourceRefusedLogin", remedy: `Too many wrong passwords have locked it. ${unlock}` },
  3159: { kind: "sourceTls", remedy: `The server requires TLS: use ${useTls}.` },
  1142: { kind: "sourcePrivileges" },
  1143: { kind: "sourcePrivileges" },
  1227: { kind: "sourcePrivileges" },
  1040: {
    kind: "sourceUnreachable",
    remedy: "All of its connections are taken: raise max_connections there.",
  },
  1203: { kind: "sourceUnreachable", remedy: "Raise max_user_connections at the source." },
  1226: {
    kind: "sourceUnreachable",
    remedy:
      "The user is at a limit of its account: ALTER USER … WITH MAX_USER_CONNECTIONS 0 MAX_CONNECTIONS_PER_HOUR 0 MAX_QUERIES_PER_HOUR 0.",
  },
  3032: { kind: "sourceUnreachable", remedy: "SET GLOBAL offline_mode = OFF at the source." },
  1053: { kind: "sourceUnreachable" }, // the server is shutting down
  1317: { kind: "sourceUnreachable" }, // the statement was killed
  1927: { kind: "sourceUnreachable" }, // the connection was killed
  4031: { kind: "sourceUnreachable" }, // the server waited for us for too long
  1205: { kind: "sourceBusy" }, // lock wait timeout
  1213: { kind: "sourceBusy" }, // deadlock
  1381: { kind: "sourceSettings" }, // no binary log
  1054: { kind: "tableFailed" }, // a column is gone
  1146: { kind: "tableFailed" }, // the table is gone
  1412: { kind: "tableFailed" }, // the table's definition changed since the snapshot
}

/** All that can be wrong with reading the log. */
export const binlogReadingFailed = 1236

/** Of what was found out about a connection that was not made. */
const faultKinds: Record<ConnectionFault["kind"], ProblemKind> = {
  tls: "sourceTls",
  otherService: "sourceOtherService",
  login: "sourceRefusedLogin",
}

/** Every error that talking to the server can raise, as a Problem. `doing` completes "while …". */
export function problemOf(error: unknown, doing: string): Problem {
  if (error instanceof Problem) return error
  if (error instanceof ConnectionFault)
    return new Problem(
      faultKinds[error.kind],
      `The source was not entered (while ${doing}): ${error.message}`,
      {
        cause: error,
      },
    )
  const { errno, message } = serverErrorOf(error)
  if (errno !== undefined) return problemOfServer(errno, message, doing, error)
  return new Problem("sourceUnreachable", `The source does not answer (while ${doing}): ${message}.`, {
    cause: error,
  })
}

/** The server's number of an error that the driver threw; 0: not the server's. */
export function errorNumber(error: unknown): number {
  return serverErrorOf(error).errno ?? 0
}

/** The driver gives errors of the system a number too: a negative one. */
function serverErrorOf(error: unknown): { errno: number | undefined; message: string } {
  const message = plainMessage(error)
  if (!(error instanceof Error) || !("errno" in error)) return { errno: undefined, message }
  return { errno: typeof error.errno === "number" && error.errno > 0 ? error.errno : undefined, message }
}

export function problemOfServer(errno: number, message: string, doing: string, cause?: unknown): Problem {
  const known = errno === binlogReadingFailed ? { kind: binlogProblem(message) } : byNumber[errno]
  const { kind, remedy }: Known = known ?? { kind: "sourceProtocol" }
  const told = message.replace(/\.$/, "")
  const todo = remedy === undefined ? "" : ` ${remedy}`
  return new Problem(kind, `The source says (while ${doing}): ${told}.${todo}`, { cause })
}

/** One number stands for all that can be wrong with reading the log. */
function binlogProblem(message: string): ProblemKind {
  if (/same server_(u?u?id)|same (server|slave|replica)/i.test(message)) return "sourceInUse"
  // GTIDs are being turned off: its places are counted otherwise from here on.
  if (/auto_?position|gtid_mode/i.test(message)) return "sourceHistoryLost"
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
