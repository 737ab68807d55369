import { Problem } from "../../domain/problems.ts"

/** DuckDB and the file system, as a Problem. `doing` completes "while …". */
export function problemOf(error: unknown, doing: string): Problem {
  if (error instanceof Problem) return error
  const message = error instanceof Error ? error.message : String(error)
  const isFull = /No space left|ENOSPC|Disk quota|EDQUOT/i.test(message)
  const kind = isFull ? "diskFull" : "warehouseUnavailable"
  return new Problem(kind, `The warehouse failed (while ${doing}): ${firstLine(message)}.`, { cause: error })
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text
}
