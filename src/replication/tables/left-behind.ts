/**
 * Tables that the warehouse has refused, and that the next attempts to stream leave behind. They outlive an attempt: the copy of a
 * table that is refused again must not end every attempt as soon as it begins.
 */
import type { TableSchema } from "../../domain/table.ts"
import type { OversizedTable } from "../contracts/oversized.ts"
import type { Destination } from "../contracts/warehouse.ts"
import type { PipelineReporter } from "../pipeline.ts"
import { shapeOf } from "./table-shape.ts"

export interface LeftBehind {
  add(refused: OversizedTable): void
  /** Before the stream begins anew: marks what came since the last time as stale, and tells why. */
  record(destination: Destination, reporter: PipelineReporter): Promise<void>
  /** Those whose copies are not to be tried yet, by id. */
  retries(): Map<string, TableRetry>
  /** A resync was asked for: it waits no longer. */
  asked(id: string): void
}

/** When a failed table is tried again, by `performance.now`, and its shape when it failed. */
export interface TableRetry {
  atMs: number
  waitMs: number
  cause: "table" | "source"
  shape: string
}

/** A copy mends most tables. One that is refused again within `mostMs` has something on it that only a person can take away. */
const [firstMs, mostMs] = [15_000, 600_000]

export function newLeftBehind(): LeftBehind {
  const fresh: OversizedTable[] = []
  const refusals = new Map<string, TableRetry>()

  /** Answers how long the table waits for its copy, in ms. */
  function noted(table: TableSchema): number {
    const nowMs = performance.now()
    const before = refusals.get(table.id)
    const isAgain = before !== undefined && nowMs - before.atMs < mostMs
    const waitMs = isAgain ? Math.min(Math.max(firstMs, before.waitMs * 2), mostMs) : 0
    refusals.set(table.id, { atMs: nowMs + waitMs, waitMs, cause: "table", shape: shapeOf(table) })
    return waitMs
  }

  return {
    add: (refused) => void fresh.push(refused),
    async record({ rows }, reporter) {
      for (let one = fresh[0]; one !== undefined; one = fresh[0]) {
        const { table, message: reason } = one
        await rows.apply({ tables: [], swaps: [], stale: [table], dropped: [], position: undefined })
        // What waits for a person is shown as failed; what is copied at once is not.
        if (noted(table) > 0) reporter.copied(table, { kind: "failed", reason })
        else reporter.stale({ kind: "changed", table, reason })
        fresh.shift()
      }
    },
    retries() {
      const nowMs = performance.now()
      return new Map([...refusals].filter(([, { atMs }]) => atMs > nowMs))
    },
    asked: (id) => void refusals.delete(id),
  }
}
