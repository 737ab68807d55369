import { Problem } from "../../domain/problems.ts"
import type { UnopenedDatabase } from "../../engines/warehouse-engine.ts"

/** DuckDB and the file system, as a Problem. `doing` completes "while …". */
export function problemOf(error: unknown, doing: string): Problem {
  if (error instanceof Problem) return error
  const message = error instanceof Error ? error.message : String(error)
  const isFull = /No space left|ENOSPC|Disk quota|EDQUOT/i.test(message)
  if (strangeLog.test(message)) return new Problem("warehouseUnavailable", strangeLogText, { cause: error })
  const kind = isFull ? "diskFull" : "warehouseUnavailable"
  const remedy = tooLittleMemory.test(message) ? ` ${moreMemory}` : ""
  return new Problem(kind, `The warehouse failed (while ${doing}): ${firstLine(message)}.${remedy}`, {
    cause: error,
  })
}

/** Why a pipeline cannot write: its database's file cannot be opened. */
export function unopenedProblem({ name, reason, remedy }: UnopenedDatabase, cause: unknown): Problem {
  if (strangeLog.test(reason)) return new Problem("warehouseUnavailable", strangeLogText, { cause })
  return new Problem("warehouseUnavailable", `The database ${name} cannot be opened: ${reason}. ${remedy}`, {
    cause,
  })
}

const strangeLog =
  /WAL checkpoint iteration does not match|WAL does not match|WAL was created for a different/i
const strangeLogText =
  "The database file was replaced, and the log beside it (….duckdb.wal) belongs to another state of it. Put back the file that it belongs to, or remove the log: the tables are then resynced."

/** Of the engine's own error. */
export function isTooLittleMemory(error: unknown): boolean {
  return error instanceof Error && tooLittleMemory.test(error.message)
}

const tooLittleMemory = /failed to (pin block|allocate)|out of memory/i
const moreMemory =
  "The engine has too little memory for these rows: run Millrace on a machine with more, or leave tables of very large values out with the data filter."

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text
}
