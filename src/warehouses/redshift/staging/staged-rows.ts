/** How statements name the staged rows of a batch and the columns of its tables. */
import type { TableSchema } from "../../../domain/table.ts"
import type { Run, TableChanges } from "../../../replication/contracts/warehouse.ts"
import { quoteIdentifier } from "../quoting.ts"
import type { StageTables } from "./stage-tables.ts"

export type RowRun = Exclude<Run, { kind: "truncate" }>

/** All staged rows of the table where the run is the only one: reading needs no filter then. */
export function stagedRows(stages: StageTables, changes: TableChanges, run: RowRun): string {
  const rows = stages.changes(changes.table, changes.parts)
  return changes.runs.length === 1
    ? rows
    : `(SELECT * FROM ${rows} WHERE __millrace_seq BETWEEN ${run.first} AND ${run.last})`
}

export function names(schema: TableSchema): string[] {
  return schema.columns.map((column) => quoteIdentifier(column.name))
}

export function isSent(index: number, prefix: string): string {
  return `(${prefix}__millrace_unchanged IS NULL OR SUBSTRING(${prefix}__millrace_unchanged, ${index + 1}, 1) = '0')`
}
