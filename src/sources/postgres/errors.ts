import pg from "pg"
import { ownValue } from "../../domain/own-value.ts"
import { Problem, type ProblemKind } from "../../domain/problems.ts"
import { plainMessage } from "../../replication/plain-message.ts"

// SQLSTATEs from the PostgreSQL manual, appendix A.
const bySqlState: Record<string, ProblemKind> = {
  "25006": "sourceSettings", // the server takes nothing but reads
  "28000": "sourceRefusedLogin",
  "28P01": "sourceRefusedLogin",
  "3D000": "sourceRefusedLogin",
  "42501": "sourcePrivileges",
  "42704": "sourceHistoryLost", // the slot or publication does not exist
  "53300": "sourceUnreachable", // too many connections
  "53400": "sourceSettings", // all replication slots or senders are in use
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

/** Every error that talking to PostgreSQL can raise, as a Problem. `doing` completes "while …". */
export function problemOf(error: unknown, doing: string): Problem {
  if (error instanceof Problem) return error
  if (error instanceof pg.DatabaseError) return problemOfServer(error.code ?? "", error.message, doing, error)
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
  const kind =
    ownValue(bySqlState, sqlState) ?? (sqlState.startsWith("08") ? "sourceUnreachable" : "sourceProtocol")
  return new Problem(kind, `The source says (while ${doing}): ${message}.`, { cause })
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
