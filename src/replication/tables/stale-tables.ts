import type { StaleTable } from "../batch/open-batch.ts"
import { unrepresentableReason } from "../contracts/text-columns.ts"
import type { CurrentTables, Watching } from "./table-watch.ts"

/**
 * Drops tables in the warehouse that wait for a re-snapshot, or cannot have one, and are gone at the source
 * meanwhile.
 */
export function letStaleLeave({ stale, known, batcher }: Watching, { tables, refused }: CurrentTables): void {
  const there = new Set([...tables, ...refused].map(({ id }) => id))
  for (const [id, table] of stale) {
    if (known.has(id) || there.has(id)) continue
    batcher.dropped(table)
    batcher.chunkDecoded()
  }
}

/**
 * The reason to re-snapshot a table because of a value that its column type cannot hold. With `column`, the
 * re-snapshot holds that column as text; without it, no column is known and the table is only marked as changed.
 */
export function staleByValue(
  which: Pick<StaleTable, "table" | "held">,
  column: string | undefined,
  what: string,
): StaleTable {
  if (column === undefined) return { ...which, reason: what, kind: "changed" }
  return { ...which, reason: unrepresentableReason({ column, what }), kind: "unfit", column, what }
}
