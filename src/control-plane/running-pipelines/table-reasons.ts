import type { TableSchema } from "../../domain/table.ts"
import { heldOtherwise } from "../../replication/contracts/text-columns.ts"
import type { CutColumns } from "../../replication/pipeline.ts"
import type { TableProgress } from "./table-progress.ts"

/** What people should know of tables that stream: which columns are not held as they were. */
export interface TableReasons {
  /** Of a table that is live now. */
  of(table: TableSchema): string | null
  /** The table may have another shape. */
  renew(progress: TableProgress, table: TableSchema): void
  /** Which texts are cut may have changed; answers whether a reason has. */
  cutTexts(columnsOf: CutColumns, tables: Iterable<TableProgress>): boolean
}

export function newTableReasons(): TableReasons {
  const live = new Map<string, TableSchema>()
  let cutOf: CutColumns = () => []

  function of(table: TableSchema): string | null {
    live.set(table.id, table)
    return heldOtherwise(table, cutOf(table))
  }

  return {
    of,
    renew(progress, table) {
      if (live.get(table.id) === table || progress.state !== "Synced") return
      progress.reason = of(table)
    },
    cutTexts(columnsOf, tables) {
      cutOf = columnsOf
      let hasChanged = false
      for (const progress of tables) {
        const table = live.get(progress.id)
        if (table === undefined || progress.state !== "Synced") continue
        const { reason } = progress
        progress.reason = of(table)
        hasChanged ||= progress.reason !== reason
      }
      return hasChanged
    },
  }
}
