import pg from "pg"
import { Problem, type ProblemKind } from "../../domain/problems.ts"
import { UnrepresentableValue } from "../../replication/contracts/unrepresentable-value.ts"
import { plainMessage } from "../../replication/plain-message.ts"

// SQLSTATEs from the PostgreSQL manual, appendix A.
const diskFull = "53100"
const lockTimeout = "55P03"
const remedies: Readonly<Record<string, string>> = {
  "53300": "All of its connections are taken: raise max_connections there, or end some.",
  "42501":
    "The role of the warehouse's url lacks a right: `millrace check` names the statement that grants it.",
  "2BP01":
    "Something that depends on the table hinders it: drop that, let Millrace go on, and make it again.",
  "0A000":
    "Something that depends on the table hinders it: drop that, let Millrace go on, and make it again.",
}

/** SQLSTATE classes: data exception, and limits such as the size of an index's row. */
const refusingClasses = /^(22|54)/

const leaveItOut = "Mend the row at the source, or leave the table out with the data filter."

/**
 * Why a table cannot be held, where the server refuses a value of it, which no repetition makes acceptable; `undefined`: that is
 * not what happened. Holds no value.
 */
export function valueRefusal(error: unknown): string | undefined {
  if (!(error instanceof pg.DatabaseError) || !refusingClasses.test(error.code ?? "")) return undefined
  const [, column] = /, column ([^:\n]+)/.exec(error.where ?? "") ?? []
  const what = column === undefined ? "It has a value" : `Its column ${column} has a value`
  return `${what} that PostgreSQL refuses (SQLSTATE ${error.code}). ${leaveItOut}`
}

/** As `valueRefusal`, of a value that was not even sent. */
export function unsentRefusal(error: unknown, columns: readonly { name: string }[]): string | undefined {
  if (!(error instanceof UnrepresentableValue)) return undefined
  return `Its column ${columns[error.column]?.name} has ${error.message}, which PostgreSQL cannot hold. ${leaveItOut}`
}

/** What the server, or the way to it, throws, as a Problem. `doing` completes "while …". */
export function problemOf(error: unknown, doing: string): Problem {
  if (error instanceof Problem) return error
  const code = error instanceof pg.DatabaseError ? error.code : undefined
  const remedy = code !== undefined && Object.hasOwn(remedies, code) ? ` ${remedies[code]}` : ""
  return new Problem(
    kindOf(error, code),
    `The warehouse failed (while ${doing}): ${plainMessage(error).replace(/\.$/, "")}.${remedy}`,
    { cause: error },
  )
}

function kindOf(error: unknown, code: string | undefined): ProblemKind {
  if (code === diskFull) return "warehouseDiskFull"
  if (code === lockTimeout) return "warehouseLocked"
  // Of this host's own staging folder.
  return error instanceof Error && /ENOSPC|EDQUOT/.test(error.message) ? "diskFull" : "warehouseUnavailable"
}

/** Whether a lock was waited for longer than the transaction's `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === lockTimeout
}

/** What the engine throws becomes a Problem; `doing` completes "while …" in it. */
export async function orProblem<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw problemOf(error, doing)
  }
}
