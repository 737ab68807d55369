import { Problem } from "../../../domain/problems.ts"
import type { StagedPart } from "../../../replication/contracts/warehouse.ts"

/** Rows that the engine always has in memory together, to read them and to move them into the database file. */
export const rowsAtOnce = 2_048

/** Of the engine's memory: others use it too. */
const shareForOne = 0.6

type Rows = Pick<StagedPart, "rows" | "bytes">

/**
 * Watches over what lands side by side in a table. When the engine cannot hold that many rows together, it finds out only
 * after a commit, and then shuts the whole database off: so such rows must not get there.
 */
export interface VectorMemoryLimit {
  /** Throws a Problem `tableFailed`. */
  add(part: Rows): void
  note(part: Rows): void
  /** Of the newest rows. */
  bytes(): number
  readonly limitBytes: number
}

export function newVectorMemoryLimit(memoryLimitBytes: number): VectorMemoryLimit {
  const limitBytes = memoryLimitBytes * shareForOne
  const newest: Rows[] = []
  const sum = (what: "rows" | "bytes") => newest.reduce((total, one) => total + one[what], 0)
  function note(part: Rows): void {
    newest.push({ rows: part.rows, bytes: bytesTogether(part) })
    while (newest.length > 1 && sum("rows") - (newest[0]?.rows ?? 0) >= rowsAtOnce) newest.shift()
  }
  return {
    limitBytes,
    note,
    bytes: () => sum("bytes"),
    add(part) {
      note(part)
      if (sum("bytes") > limitBytes)
        throw new Problem("tableFailed", tooLarge(sum("bytes"), memoryLimitBytes, sum("rows")))
    },
  }
}

/** What as many rows of a part as are in memory together take. */
export function bytesTogether({ rows, bytes }: Rows): number {
  return rows <= rowsAtOnce ? bytes : (bytes * rowsAtOnce) / rows
}

export function tooLarge(bytes: number, memoryLimitBytes: number, rows?: number): string {
  const inSome = rows === undefined ? "side by side" : `in ${rows} of them`
  return `Its rows are too large for the memory of this warehouse: ${megabytes(bytes)} ${inSome}, and the engine has up to ${rowsAtOnce} in memory at once, of ${megabytes(memoryLimitBytes)} that it may use. Run Millrace on a machine with more memory, or leave the table out with the data filter.`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
