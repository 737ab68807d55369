import { positionFrom } from "../../src/domain/position.ts"
import type { TableSchema } from "../../src/domain/table.ts"
import { GatheredChanges } from "../../src/replication/batch/table-changes.ts"
import type { RowKind } from "../../src/replication/contracts/change-sink.ts"
import type { Batch, Destination, TableChanges } from "../../src/replication/contracts/warehouse.ts"
import {
  type ColumnBuffer,
  endRow,
  newRowBuffer,
  putInt32,
  putNull,
  putText,
  type RowBuffer,
} from "../../src/replication/values/columns.ts"

/** Of a column of the contract's tables: int32 or text. `unsent` is what a source leaves out. */
export type Value = number | string | null | typeof unsent
export const unsent = Symbol("unsent")
export type Change = [RowKind, ...Value[]] | "truncate"

/** A table of an int32 `id` and texts `a` and `b`; without a key if `isKeyless`. */
export function contractTable(name: string, isKeyless = false): TableSchema {
  const text = { kind: "text" } as const
  return {
    id: `id of ${name}`,
    schema: "public",
    name,
    columns: [
      { name: "id", type: { kind: "int32" }, sourceType: "integer" },
      { name: "a", type: text, sourceType: "text" },
      { name: "b", type: text, sourceType: "text" },
    ],
    key: isKeyless ? undefined : [0],
  }
}

function put(column: ColumnBuffer, row: number, value: Value): void {
  if (typeof value === "number") putInt32(column, value)
  else if (typeof value === "string") putText(column, value)
  else putNull(column, row)
}

export function rowsOf(table: TableSchema, rows: readonly (readonly Value[])[]): RowBuffer {
  const buffer = newRowBuffer(table.columns.map((column) => column.type))
  for (const row of rows) {
    row.forEach((value, index) => {
      put(buffer.columns[index] as ColumnBuffer, buffer.rows, value)
    })
    endRow(buffer)
  }
  return buffer
}

/** Gathers and stages changes as the pipeline does, `partRows` at a time. */
export async function staged(
  destination: Destination,
  table: TableSchema,
  changes: readonly Change[],
  partRows = Number.POSITIVE_INFINITY,
  gathered = new GatheredChanges(table, { next: 0 }),
): Promise<TableChanges> {
  const stage = (rows: RowBuffer) => destination.rows.stage(table, rows)
  for (const change of changes) {
    if (change === "truncate") gathered.truncate()
    else {
      const [kind, ...values] = change
      table.columns.forEach((_, index) => {
        const value = values[index] ?? null
        put(gathered.columns[index] as ColumnBuffer, gathered.row, value)
        if (value === unsent) gathered.unchanged(index)
      })
      gathered.end(kind)
    }
    if (gathered.row >= partRows) await gathered.stageRows(stage)
  }
  if (gathered.row > 0) await gathered.stageRows(stage)
  return gathered
}

/** As `staged`, of a table that keeps versions: transactions and when each was committed. */
export async function stagedVersions(
  destination: Destination,
  table: TableSchema,
  transactions: readonly { atMs: number; changes: readonly Change[] }[],
  partRows?: number,
  gathered = new GatheredChanges(table, { next: 0 }, { keepsVersions: true }),
): Promise<TableChanges> {
  for (const { atMs, changes } of transactions) {
    await staged(destination, table, changes, partRows, gathered)
    gathered.committed(atMs)
  }
  if (gathered.commitTimes !== undefined)
    gathered.commits = await destination.rows.stageCommits(gathered.commitTimes)
  return gathered
}

/** A batch of `tables` and nothing else. */
export function batchOf(position: string, ...tables: TableChanges[]): Batch {
  return { tables, swaps: [], stale: [], dropped: [], position: positionFrom(position) }
}

/** Makes `table` live with these rows. */
export async function loaded(
  destination: Destination,
  table: TableSchema,
  rows: readonly (readonly Value[])[],
  versionsSince?: Date,
): Promise<void> {
  const load = await destination.copies.begin(table, versionsSince)
  if (rows.length > 0) await load.write(rowsOf(table, rows))
  await load.finish()
}
