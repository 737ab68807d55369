import type { CurrentTables, Watching } from "./table-watch.ts"

/** A table that waits for a fresh copy, or cannot have one, and is gone at the source meanwhile: it goes here too. */
export function letStaleLeave(
  { stale, known, collector }: Watching,
  { tables, refused }: CurrentTables,
): void {
  const there = new Set([...tables, ...refused].map(({ id }) => id))
  for (const [id, table] of stale) {
    if (known.has(id) || there.has(id)) continue
    collector.dropped(table)
    collector.chunkDecoded()
  }
}
