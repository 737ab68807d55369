import type { TableName, TableState } from "../../domain/table.ts"

/** A table that can be read in the state Synced only. */
export interface GuardedTable extends TableName {
  database: string
  state: TableState
  reason: string | null
}
