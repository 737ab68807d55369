import { Problem } from "../../domain/problems.ts"
import type { StagedPart } from "../../replication/warehouse.ts"

/** Rows that the engine always has in memory together, to read them and to move them into the database file. */
const rowsAtOnce = 2_048

/** Of the engine's memory: others use it too. */
const shareForOne = 0.6

/**
 * Watches over what lands side by side in a table. When the engine cannot hold that many rows together, it finds out only
 * after a commit, and then shuts the whole database off: so such rows must not get there.
 */
export interface Neighbours {
  /** Throws a Problem `tableFailed`. */
  add(part: Pick<StagedPart, "rows" | "bytes">): void
}

export function newNeighbours(memoryLimitBytes: number): Neighbours {
  const limitBytes = memoryLimitBytes * shareForOne
  const newest: { rows: number; bytes: number }[] = []
  const sum = (what: "rows" | "bytes") => newest.reduce((total, one) => total + one[what], 0)
  return {
    add({ rows, bytes }) {
      newest.push({ rows, bytes: bytes * Math.min(1, rowsAtOnce / rows) })
      while (newest.length > 1 && sum("rows") - (newest[0]?.rows ?? 0) >= rowsAtOnce) newest.shift()
      if (sum("bytes") <= limitBytes) return
      throw new Problem(
        "tableFailed",
        `Its rows are too large for the memory of this warehouse: ${megabytes(sum("bytes"))} in ${sum("rows")} of them, and the engine has up to ${rowsAtOnce} in memory at once, of ${megabytes(memoryLimitBytes)} that it may use. Run Millrace on a machine with more memory, or leave the table out with the data filter.`,
      )
    },
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
