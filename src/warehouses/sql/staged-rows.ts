/** How statements name the staged rows of a batch and the columns of its tables. */
import type { TableSchema } from "../../domain/table.ts"
import type { Run, StagedPart, TableChanges } from "../../replication/contracts/warehouse.ts"

export type RowRun = Exclude<Run, { kind: "truncate" }>

/** Where the staged changes of a table can be read. */
export interface ChangeStages {
  /** Answers the table of a table's changes: its columns and `changeColumns`. */
  changes(table: TableSchema, parts: readonly StagedPart[]): string
}

/** All staged rows of the table where the run is the only one: reading needs no filter then. */
export function stagedRows(stages: ChangeStages, changes: TableChanges, run: RowRun): string {
  const rows = stages.changes(changes.table, changes.parts)
  return changes.runs.length === 1
    ? rows
    : `(SELECT * FROM ${rows} WHERE __millrace_seq BETWEEN ${run.first} AND ${run.last})`
}

/** Of a table's columns, quoted: every engine here quotes names so. */
export function names(schema: TableSchema): string[] {
  return schema.columns.map(({ name }) => `"${name.replaceAll('"', '""')}"`)
}

/** Whether a row of `prefix` holds what the source sent for the column of this index. */
export function isSent(index: number, prefix: string): string {
  return `(${prefix}__millrace_unchanged IS NULL OR SUBSTRING(${prefix}__millrace_unchanged, ${index + 1}, 1) = '0')`
}
