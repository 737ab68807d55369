/** How statements name the staged rows of a batch and the columns of its tables. */
import type { TableSchema } from "../../../domain/table.ts"
import type { Run, TableChanges } from "../../../replication/contracts/warehouse.ts"
import { quoteIdentifier } from "../quoting.ts"
import { readStaged } from "./staging.ts"

export type RowRun = Exclude<Run, { kind: "truncate" }>

/**
 * DuckDB builds what a statement inserts in whole row groups (122,880 rows) aside, and at the commit hangs them into the
 * table without saying whose they are: for the time of the commit every reader sees them. Smaller inserts carry their
 * transaction's mark from the start. Measured with 1.5: readers saw half of a transaction, never with this limit.
 */
export const insertLimitRows = 122_879

/** All staged rows of the table where the run is the only one: reading needs no filter then. */
export function stagedRows(changes: TableChanges, run: RowRun, parts = changes.parts): string {
  const rows = readStaged(parts)
  return changes.runs.length === 1
    ? rows
    : `(FROM ${rows} WHERE __millrace_seq BETWEEN ${run.first} AND ${run.last})`
}

export function names(schema: TableSchema): string[] {
  return schema.columns.map((column) => quoteIdentifier(column.name))
}

export function keyNames(schema: TableSchema, key: readonly number[]): string[] {
  const all = names(schema)
  return key.map((index) => all[index] as string)
}

/** Numbers from `first` to `last`, cut so that each range has at most as many as one statement may insert. */
export function rangesOf(first: number, last: number): string[] {
  const ranges: string[] = []
  for (let from = first; from <= last; from += insertLimitRows)
    ranges.push(`BETWEEN ${from} AND ${Math.min(last, from + insertLimitRows - 1)}`)
  return ranges
}

export function isSent(index: number, prefix: string): string {
  return `(${prefix}__millrace_unchanged IS NULL OR substr(${prefix}__millrace_unchanged, ${index + 1}, 1) = '0')`
}
