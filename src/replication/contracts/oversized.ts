import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { PipelineReporter } from "../pipeline.ts"
import type { Destination } from "./warehouse.ts"

/**
 * Thrown by a warehouse that cannot hold what came of a table, before it has taken any of it. The table goes no further
 * and is resynced when that is possible; the next attempt goes on with the others.
 */
export class OversizedTable extends Problem {
  readonly table: TableSchema

  constructor(table: TableSchema, message: string) {
    super("tableFailed", message)
    this.name = "OversizedTable"
    this.table = table
  }
}

/** Before the stream begins anew: what it would fail at again is left behind. */
export async function leaveBehind(
  oversized: OversizedTable[],
  destination: Destination,
  { reporter }: { reporter: PipelineReporter },
): Promise<void> {
  for (let one = oversized[0]; one !== undefined; one = oversized[0]) {
    const { table, message: reason } = one
    await destination.rows.apply({ tables: [], swaps: [], stale: [table], dropped: [], position: undefined })
    reporter.stale({ kind: "changed", table, reason })
    oversized.shift()
  }
}
