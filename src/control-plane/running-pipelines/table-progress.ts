import type { TableSchema, TableState } from "../../domain/table.ts"
import type { RefusedTable } from "../../replication/contracts/source.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"
import type { TableRecord, VerifiedAt } from "../../state/tables.ts"

/** What is known of one table of a running pipeline. */
export interface TableProgress {
  id: string
  schema: string
  name: string
  state: TableState
  reason: string | null
  keyColumns: string[]
  /** Rows of the copy so far, and the source's estimate of all. */
  copiedRows: number
  estimatedRows: number
  /** Changes applied since the process started. */
  changes: number
  /** From the latest change's commit at the source to visible, in ms; null before the first. */
  lastLagMs: number | null
  /** The latest comparison with the source since it was copied. */
  verified: VerifiedAt | null
  /** By the warehouse's word, since the stream began. */
  keepsVersions: boolean
  updatedAt: Date
}

export function describe(table: TableSchema): Pick<TableProgress, "schema" | "name" | "keyColumns"> {
  const keyColumns = (table.key ?? []).map((index) => table.columns[index]?.name ?? "")
  return { schema: table.schema, name: table.name, keyColumns }
}

const nothingCounted = {
  copiedRows: 0,
  estimatedRows: 0,
  changes: 0,
  lastLagMs: null,
  verified: null,
  keepsVersions: false,
}

export function fresh(table: TableSchema): TableProgress {
  return {
    id: table.id,
    ...describe(table),
    state: "ResyncInitiated",
    reason: null,
    ...nothingCounted,
    updatedAt: new Date(),
  }
}

export function refusedProgress({ id, schema, name, reason }: RefusedTable): TableProgress {
  return {
    id,
    schema,
    name,
    keyColumns: [],
    state: "Failed",
    reason,
    ...nothingCounted,
    updatedAt: new Date(),
  }
}

export function progressOf(row: TableRecord): TableProgress {
  const { tableId: id, schema, name, state, reason, keyColumns, updatedAt } = row
  const copiedRows = row.snapshotRows ?? 0
  return {
    id,
    schema,
    name,
    state,
    reason,
    keyColumns,
    copiedRows,
    estimatedRows: copiedRows,
    changes: 0,
    lastLagMs: null,
    verified: row.verified,
    keepsVersions: false,
    updatedAt,
  }
}

export function recordOf(record: PipelineRecord, progress: TableProgress): TableRecord {
  const { id: tableId, schema, name, state, reason, keyColumns, updatedAt } = progress
  const { integrationId, sourceDatabase } = record
  const snapshotRows = state === "Synced" ? progress.copiedRows : null
  return {
    integrationId,
    sourceDatabase,
    tableId,
    schema,
    name,
    state,
    reason,
    keyColumns,
    snapshotRows,
    verified: progress.verified,
    updatedAt,
  }
}
