import pg from "pg"
import { Problem } from "../../domain/problems.ts"
import { plainMessage } from "../../replication/plain-message.ts"

// SQLSTATEs from the PostgreSQL manual, appendix A.
const diskFull = "53100"
const remedies: Readonly<Record<string, string>> = {
  "53300": "All of its connections are taken: raise max_connections there, or end some.",
  "42501":
    "The role of the warehouse's url lacks a right: `millrace check` names the statement that grants it.",
  "2BP01":
    "Something that depends on the table hinders it: drop that, let Millrace go on, and make it again.",
  "0A000":
    "Something that depends on the table hinders it: drop that, let Millrace go on, and make it again.",
}

/** What the server, or the way to it, throws, as a Problem. `doing` completes "while …". */
export function problemOf(error: unknown, doing: string): Problem {
  if (error instanceof Problem) return error
  const code = error instanceof pg.DatabaseError ? error.code : undefined
  const isFull = code === diskFull || (error instanceof Error && /ENOSPC|EDQUOT/.test(error.message))
  const remedy = code !== undefined && Object.hasOwn(remedies, code) ? ` ${remedies[code]}` : ""
  return new Problem(
    isFull ? "diskFull" : "warehouseUnavailable",
    `The warehouse failed (while ${doing}): ${plainMessage(error)}.${remedy}`,
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
