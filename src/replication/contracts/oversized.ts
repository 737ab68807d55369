import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"

/**
 * Thrown by a warehouse that cannot hold what came of a table, or whose users have altered the table so that it takes nothing,
 * before it has taken any of the batch. The table goes no further and is resynced when that is possible; the next attempt goes on
 * with the others.
 */
export class OversizedTable extends Problem {
  /** As the warehouse has recorded it. */
  readonly table: TableSchema
  /** Found at the same time: each would be refused as well when its turn came. */
  readonly others: readonly OversizedTable[]

  constructor(table: TableSchema, message: string, others: readonly OversizedTable[] = []) {
    super("tableFailed", message)
    this.name = "OversizedTable"
    this.table = table
    this.others = others
  }
}
