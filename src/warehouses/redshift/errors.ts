import pg from "pg"
import { pause } from "../../concurrency/deadline.ts"
import { Problem } from "../../domain/problems.ts"
import { UnrepresentableValue } from "../../replication/contracts/unrepresentable-value.ts"
import { plainMessage } from "../../replication/plain-message.ts"

// SQLSTATEs from the PostgreSQL manual, appendix A.
const remedies: Readonly<Record<string, string>> = {
  "42501": "The user of the warehouse lacks a right: `millrace check` names the statement that grants it.",
  "2BP01":
    "Something that depends on the table hinders it: a view that is bound to it. Make it WITH NO SCHEMA BINDING, which outlasts a resync.",
}

const serializationFailure = "40001"
/** What the engine says beside XX000 where two transactions wrote the same table. (Source: Redshift's documentation, error 1023.) */
const conflictText = /\b(1018|1023)\b|serializable isolation violation/i

/** Two transactions were in one another's way: the same one may be run again. */
export function isConflict(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false
  return error.code === serializationFailure || conflictText.test(`${error.message} ${error.detail ?? ""}`)
}

/** Of a table, a schema, a database. (The last is what a catalog without an own check says.) */
const alreadyThere = new Set(["42P07", "42P06", "42P04", "23505"])

export function isAlreadyThere(error: unknown): boolean {
  return error instanceof pg.DatabaseError && alreadyThere.has(error.code ?? "")
}

const mostAttempts = 6
const neverOver = new AbortController().signal
const firstPauseMs = 20

/** Runs `work` again while the warehouse refuses it for the sake of another transaction; each time later, and not at the same moment. */
export async function retryingConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === mostAttempts || !isConflict(error)) throw error
      await pause(firstPauseMs * 2 ** attempt * (0.5 + Math.random()), neverOver)
    }
  }
}

const leaveItOut = "Mend the row at the source, or leave the table out with the data filter."

/** Rows that COPY refused, which no repetition makes acceptable. Holds no value. */
export class RefusedRows extends Error {
  constructor(column: string, code: string, reason: string) {
    const what = column === "" ? "It has a row" : `Its column ${column} has a value`
    super(`${what} that the warehouse refuses (load error ${code}: ${reason}). ${leaveItOut}`)
    this.name = "RefusedRows"
  }
}

/** Why a table cannot be held where a value of it was not even sent; `undefined`: that is not what happened. */
export function unsentRefusal(error: unknown, columns: readonly { name: string }[]): string | undefined {
  if (!(error instanceof UnrepresentableValue)) return undefined
  return `Its column ${columns[error.column]?.name} has ${error.message}, which the warehouse cannot hold. ${leaveItOut} Texts that are too long are cut in columns that the warehouse's tables name in truncate, or in all with TRUNCATECOLUMNS of the destination database.`
}

/** What the warehouse, or the way to it, throws, as a Problem. `doing` completes "while …". */
export function problemOf(error: unknown, doing: string): Problem {
  if (error instanceof Problem) return error
  const code = error instanceof pg.DatabaseError ? error.code : undefined
  const remedy = code !== undefined && Object.hasOwn(remedies, code) ? ` ${remedies[code]}` : ""
  return new Problem(
    "warehouseUnavailable",
    `The warehouse failed (while ${doing}): ${plainMessage(error).replace(/\.$/, "")}.${remedy}`,
    { cause: error },
  )
}

/** What the engine throws becomes a Problem; `doing` completes "while …" in it. */
export async function orProblem<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw problemOf(error, doing)
  }
}
