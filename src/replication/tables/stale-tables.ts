import type { StaleTable } from "../batch/open-batch.ts"
import { unrepresentableReason } from "../contracts/text-columns.ts"
import type { CurrentTables, Watching } from "./table-watch.ts"

/** A table that waits for a fresh copy, or cannot have one, and is gone at the source meanwhile: it goes here too. */
export function letStaleLeave({ stale, known, batcher }: Watching, { tables, refused }: CurrentTables): void {
  const there = new Set([...tables, ...refused].map(({ id }) => id))
  for (const [id, table] of stale) {
    if (known.has(id) || there.has(id)) continue
    batcher.dropped(table)
    batcher.chunkDecoded()
  }
}

/** A table of which a value came that it cannot hold: with its column as text it can, or, without a column, not at all. */
export function staleByValue(
  which: Pick<StaleTable, "table" | "held">,
  column: string | undefined,
  what: string,
): StaleTable {
  if (column === undefined) return { ...which, reason: what, kind: "changed" }
  return { ...which, reason: unrepresentableReason({ column, what }), kind: "unfit", column, what }
}
