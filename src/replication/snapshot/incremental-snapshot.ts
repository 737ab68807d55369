import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import { shapeOf } from "../tables/table-shape.ts"
import type { Watching } from "../tables/table-watch.ts"
import { copySnapshot } from "./snapshot-copy.ts"

/**
 * First wait before a failed table is tried again, by cause: a busy source may be free soon; a table's own problem
 * seldom goes away by itself.
 */
const retryMs = {
  table: { first: 15_000, last: 600_000 },
  source: { first: 2_000, last: 60_000 },
} as const
const lateReaders = 1

/** Notes when the table is tried again: after a wait that doubles each time. */
export function postpone({ retries }: Watching, table: TableSchema, cause: "table" | "source"): void {
  const { first, last } = retryMs[cause]
  const waitMs = Math.min((retries.get(table.id)?.waitMs ?? first / 2) * 2, last)
  retries.set(table.id, { atMs: performance.now() + waitMs, waitMs, cause, shape: shapeOf(table) })
}

/**
 * Copies tables beside the running stream (an incremental snapshot). A table that is not finished stays unknown and
 * is tried again at the next poll of the catalog.
 */
export async function copyBesideStream(watching: Watching, wanted: readonly TableSchema[]): Promise<void> {
  const { stream, batcher, known, modes, reporter, destination, observe, signal } = watching
  const copying = new Map<string, TableSchema>()
  const ids = new Set(wanted.map(({ id }) => id))
  const since = new Date()
  try {
    const snapshot = await stream.include(ids, watching.texts, (tables) => {
      for (const table of tables) {
        copying.set(table.id, table)
        known.set(table.id, table)
        if (modes.wanted(table)) modes.kept.add(table.id)
        else modes.kept.delete(table.id)
        batcher.hold(table)
      }
    })
    try {
      await copySnapshot({
        snapshot,
        destination,
        readers: lateReaders,
        observe,
        signal,
        beside: [...known.values()],
        // The next poll of the catalog finds what the table has become.
        onInvalidated: "endsItsOwn",
        versionsSince: ({ id }) => (modes.kept.has(id) ? since : undefined),
        async goLive(table, load) {
          await load.settled()
          const isLive = await batcher.adopt(table, load, snapshot.position)
          if (isLive) {
            copying.delete(table.id)
            watching.retries.delete(table.id)
            if (known.has(table.id)) watching.stale.delete(table.id)
            if (modes.kept.size > 0) reporter.versions?.(modes.kept, [])
          } else await load.abort()
          return isLive
        },
        onTable(table, event) {
          reporter.copied(table, event)
          if (event.kind === "failed") postpone(watching, table, "table")
          if (event.kind === "yielded") postpone(watching, table, "source")
          if (event.kind === "unfit") watching.unfit.push({ ...event, table })
        },
      })
    } finally {
      await snapshot.close()
    }
  } catch (error) {
    // A copy that the source interrupted fails alone; if the stream is broken too, the stream reports that.
    if (!(error instanceof Problem) || signal.aborted) throw error
    for (const table of wanted) postpone(watching, table, "source")
    reporter.incrementalSnapshotFailed(error, wanted)
  } finally {
    for (const table of copying.values()) {
      known.delete(table.id)
      stream.exclude(table.id)
      batcher.release(table)
    }
  }
}
