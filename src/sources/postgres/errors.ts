import pg from "pg"
import { ConnectionFault } from "../../connections/connection-fault.ts"
import { ownValue } from "../../domain/own-value.ts"
import { Problem, type ProblemKind } from "../../domain/problems.ts"
import { plainMessage } from "../../replication/plain-message.ts"

// SQLSTATEs from the PostgreSQL manual, appendix A.
const bySqlState: Record<string, ProblemKind> = {
  "25006": "sourceSettings", // the server takes nothing but reads
  "28000": "sourceRefusedLogin",
  "28P01": "sourceRefusedLogin",
  "3D000": "sourceDatabaseMissing",
  "42501": "sourcePrivileges",
  "42704": "sourceHistoryLost", // the slot or publication does not exist
  "53300": "sourceUnreachable", // too many connections
  "53400": "sourceSettings", // all replication slots are in use
  "55000": "sourceHistoryLost", // the slot was invalidated
  "55006": "sourceInUse", // the slot is active for another process
  "55P03": "sourceBusy", // somebody holds a lock
  "57014": "sourceBusy", // a statement took longer than it may
  "57P01": "sourceUnreachable",
  "57P02": "sourceUnreachable",
  "57P03": "sourceUnreachable",
  "58P01": "sourceHistoryLost", // a WAL segment has been removed
}

/** character_not_in_repertoire, untranslatable_character: a character of the database's encoding that UTF-8 lacks. */
export const unconvertibleStates: ReadonlySet<string> = new Set(["22021", "22P05"])

/** What is at its limit, by the server's words: the SQLSTATEs do not tell these apart. */
const limits: { words: RegExp; kind: ProblemKind; remedy: string }[] = [
  {
    words: /max_wal_senders/,
    kind: "sourceSettings",
    remedy:
      "All of its WAL senders are taken: ALTER SYSTEM SET max_wal_senders = …; and restart it, or end another reader. Millrace goes on by itself.",
  },
  {
    words: /replication slots are in use|max_replication_slots/,
    kind: "sourceSettings",
    remedy:
      "ALTER SYSTEM SET max_replication_slots = …; and restart it, or drop a slot that nobody reads. Millrace goes on by itself.",
  },
  {
    words: /too many clients|remaining connection slots/,
    kind: "sourceUnreachable",
    remedy: "All of its connections are taken: raise max_connections there, or end some.",
  },
  {
    words: /too many connections for (role|database)/,
    kind: "sourceUnreachable",
    remedy: "ALTER ROLE … (or DATABASE …) CONNECTION LIMIT -1 there.",
  },
]

/** Of what was found out about a connection that was not made. */
const faultKinds: Record<ConnectionFault["kind"], ProblemKind> = {
  tls: "sourceTls",
  otherService: "sourceOtherService",
  login: "sourceRefusedLogin",
}

/** Every error that talking to PostgreSQL can raise, as a Problem. `doing` completes "while …". */
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
  if (error instanceof pg.DatabaseError) {
    const raiser = raiserOf(error)
    return raiser === undefined
      ? problemOfServer(error.code ?? "", error.message, doing, error)
      : raisedByTrigger(raiser, error, doing)
  }
  return new Problem(
    "sourceUnreachable",
    `The source does not answer (while ${doing}): ${plainMessage(error)}.`,
    { cause: error },
  )
}

/** What decoding throws: nothing but what the source sent can be the reason. */
export function problemOfDecoding(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem(
    "sourceProtocol",
    `The source sent something that cannot be decoded: ${plainMessage(error)}.`,
    { cause: error },
  )
}

export function problemOfServer(sqlState: string, message: string, doing: string, cause?: unknown): Problem {
  const limit = sqlState.startsWith("53") ? limits.find(({ words }) => words.test(message)) : undefined
  const kind =
    limit?.kind ??
    ownValue(bySqlState, sqlState) ??
    (sqlState.startsWith("08") ? "sourceUnreachable" : "sourceProtocol")
  const todo = limit === undefined ? "" : ` ${limit.remedy}`
  return new Problem(kind, `The source says (while ${doing}): ${message}.${todo}`, { cause })
}

/** The function of the source's own that raised an error: none of our statements calls one, so an event trigger did. */
export function raiserOf(error: unknown): string | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined
  return /^PL\/\S+ function "?([^\s("]+)/m.exec(error.where ?? "")?.[1]
}

/** For people. */
export const letPublicationsPass =
  "Let it pass CREATE, ALTER, DROP and COMMENT ON PUBLICATION for Millrace's role (current_user), or ALTER EVENT TRIGGER … DISABLE."

function raisedByTrigger(raiser: string, error: Error, doing: string): Problem {
  const told = `The source says (while ${doing}): ${error.message.replace(/\.$/, "")}.`
  return new Problem(
    "sourceSettings",
    `${told} An event trigger there raises it, by its function ${raiser}. ${letPublicationsPass}`,
    { cause: error },
  )
}

/** The fields of an ErrorResponse message: code letter, text, zero byte, and so on. */
export function readServerError(
  bytes: Buffer,
  start: number,
  end: number,
): { sqlState: string; message: string } {
  const fields = new Map<string, string>()
  let at = start
  while (at < end && bytes[at] !== 0) {
    const stop = bytes.indexOf(0, at + 1)
    if (stop < 0 || stop >= end) break
    fields.set(String.fromCharCode(bytes[at] as number), bytes.toString("utf8", at + 1, stop))
    at = stop + 1
  }
  return { sqlState: fields.get("C") ?? "", message: fields.get("M") ?? "unknown error" }
}
