import { isGone, type TableSchema } from "../../../domain/table.ts"
import { unrepresentableReason } from "../../../replication/contracts/text-columns.ts"
import type { PipelineReporter } from "../../../replication/pipeline.ts"
import type { CopyEvent } from "../../../replication/snapshot/snapshot-copy.ts"
import type { PipelineTotals } from "../../../state/pipelines/observed-facts.ts"
import { fresh, refusedProgress, type TableProgress } from "../table-progress.ts"
import { type MonitoredTables, restated } from "./monitored-tables.ts"

/** Reports of a pipeline that concern the states of its tables. */
export type TableReports = Pick<
  PipelineReporter,
  | "snapshot"
  | "streaming"
  | "stale"
  | "dropped"
  | "versions"
  | "refused"
  | "incrementalSnapshotFailed"
  | "cutTexts"
  | "selected"
>

export function tableReports(tables: MonitoredTables): TableReports {
  const { all, reasons, touched } = tables
  return {
    snapshot(wanted, refused) {
      const kept = new Set([...wanted, ...refused].map((table) => table.id))
      for (const id of all.keys()) if (!kept.has(id)) all.delete(id)
      for (const table of wanted) all.set(table.id, fresh(table))
      for (const table of refused) all.set(table.id, refusedProgress(table))
      touched()
    },
    streaming(streamed) {
      // The warehouse decides: the record here may be older than a crash.
      for (const table of streamed) {
        const now = { state: "Synced", reason: reasons.of(table) } as const
        all.set(table.id, restated(all.get(table.id) ?? fresh(table), table, now))
      }
      touched()
    },
    stale({ table, kind, reason }) {
      // The report comes late, with its batch: a copy that has begun meanwhile already answers it.
      const state = all.get(table.id)?.state
      if (kind === "changed" && state === "ResyncInitiated") return
      // A failed table that is stale as well is not reported again: the reason is known.
      if (kind === "changed" && state === "Failed") return
      tables.become(table, "ResyncRequired", reason)
    },
    dropped: (table, keepsVersions) =>
      tables.become(table, keepsVersions ? "DroppedSource" : "Deleted", null),
    versions(kept, dropped) {
      for (const progress of all.values()) progress.keepsVersions = kept.has(progress.id)
      for (const table of dropped)
        all.set(table.id, { ...(all.get(table.id) ?? fresh(table)), state: "DroppedSource" })
      touched()
    },
    refused(table) {
      all.set(table.id, refusedProgress(table))
      touched()
    },
    incrementalSnapshotFailed(cause, wanted) {
      for (const table of wanted) if (!all.has(table.id)) all.set(table.id, fresh(table))
      for (const progress of all.values())
        if (progress.state === "ResyncInitiated") progress.reason = cause.message
      touched()
    },
    cutTexts(columnsOf) {
      if (reasons.cutTexts(columnsOf, all.values())) touched()
    },
    selected(ids) {
      for (const progress of all.values())
        if (!ids.has(progress.id) && !isGone(progress.state))
          Object.assign(progress, { state: "Deleted", reason: null, updatedAt: new Date() })
      touched()
    },
  }
}

/** What an event of a table's copy changes: its progress, and the pipeline's count of copied rows. */
export function applyCopyEvent(
  { all: tables, reasons }: MonitoredTables,
  totals: PipelineTotals,
  table: TableSchema,
  event: CopyEvent,
): void {
  const progress = tables.get(table.id) ?? fresh(table)
  tables.set(table.id, progress)
  progress.updatedAt = new Date()
  switch (event.kind) {
    case "begun":
      tables.set(table.id, { ...fresh(table), estimatedRows: event.estimatedRows })
      return
    case "rows":
      progress.copiedRows += event.rows
      totals.copiedRows += event.rows
      return
    case "finished":
      progress.state = "Synced"
      progress.reason = reasons.of(table)
      forgetDropped(tables, table)
      progress.estimatedRows = progress.copiedRows
      return
    case "failed":
      progress.state = "Failed"
      progress.reason = event.reason
      return
    case "yielded":
      progress.state = "ResyncRequired"
      progress.reason = event.reason
      return
    case "unfit":
      progress.state = "ResyncRequired"
      progress.reason = unrepresentableReason(event)
      return
  }
}

/** A user dropped the kept versions of a table of this name, and a new table stands there. */
function forgetDropped(tables: Map<string, TableProgress>, { schema, name }: TableSchema): void {
  for (const [id, one] of tables)
    if (one.state === "DroppedSource" && one.schema === schema && one.name === name) tables.delete(id)
}
