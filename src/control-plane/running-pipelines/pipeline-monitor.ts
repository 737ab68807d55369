import type { Problem } from "../../domain/problems.ts"
import {
  isGone,
  qualifiedName,
  type TableSchema,
  type TableState,
  tableMayBecome,
} from "../../domain/table.ts"
import type { Applied } from "../../replication/batch/apply-loop.ts"
import { unrepresentableReason } from "../../replication/contracts/text-columns.ts"
import { type LagSamples, newLagSamples } from "../../replication/lag.ts"
import type { Phase, PipelineReporter } from "../../replication/pipeline.ts"
import type { CopyEvent } from "../../replication/snapshot/snapshot-copy.ts"
import type { RetentionActionState } from "../../replication/spool/retention-actions.ts"
import type { BatchDurations, PipelineTotals } from "../../state/pipelines/observed-facts.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"
import type { TableRecord, VerifiedAt } from "../../state/tables.ts"
import { addBatch, newBatchDurations } from "./batch-durations.ts"
import type { RetentionReport } from "./retention-watch.ts"
import {
  describe,
  fresh,
  progressOf,
  recordOf,
  refusedProgress,
  type TableProgress,
} from "./table-progress.ts"
import { newTableReasons, type TableReasons } from "./table-reasons.ts"

/** The running side of a pipeline as its owner sees it: fed by the pipeline, read by the reconciler and the observer. */
export interface PipelineMonitor {
  readonly record: PipelineRecord
  readonly phase: Phase
  readonly problem: Problem | undefined
  /** When the phase began, or a snapshot last came on, by the monotonic clock. */
  readonly progressedAtMs: number
  readonly tables: ReadonlyMap<string, TableProgress>
  readonly totals: PipelineTotals
  readonly batchDurations: BatchDurations
  /** Another number whenever tables, totals or lags may have changed. */
  readonly revision: number
  /** Commit at the source to visible here, per transaction committed while streaming, in ms. */
  readonly lags: LagSamples
  /** Source clock of the newest commit applied; undefined before the first. */
  readonly latestCommitMs: number | undefined
  /** What the warehouse holds is what the selection takes. */
  readonly isSelected: boolean
  /** Set when the tables differ from what was last handed out by `takeDirtyTables`. */
  takeDirtyTables(): TableRecord[] | undefined
  markDirty(): void
  /** Notes that a table, by id, was compared with its source. */
  verified(id: string, verified: VerifiedAt): void
  /** Notes that a resync of a table, by id, was ordered: what the comparison found is no longer news. */
  remedied(id: string): void
  /** What the source retains for the pipeline, by the latest check; `undefined`: not known yet. */
  readonly retention: RetentionReport | undefined
  retained(retention: RetentionReport | undefined): void
  /** The retention action's state, by the latest check. */
  readonly relief: RetentionActionState | undefined
  relieved(relief: RetentionActionState | undefined): void
  /** Why the source's own statements may fail because of what was made there; `undefined`: they do not. */
  readonly harm: Problem | undefined
  harms(harm: Problem | undefined): void
  readonly reporter: PipelineReporter
}

export interface MonitorEvents {
  /** Something others may want to record: a phase, a problem, a table's state. */
  changed(monitor: PipelineMonitor): void
}

/** `known`: the tables as last recorded, so that a restart does not forget what failed. */
export function newPipelineMonitor(
  record: PipelineRecord,
  known: readonly TableRecord[],
  events: MonitorEvents,
): PipelineMonitor {
  const tables = new Map(known.map((row) => [row.tableId, progressOf(row)]))
  const totals: PipelineTotals = {
    changes: 0,
    transactions: 0,
    batches: 0,
    stagedBytes: 0,
    copiedRows: 0,
    remediedTables: 0,
  }
  const lags = newLagSamples()
  const batchDurations = newBatchDurations()
  const tableReasons = newTableReasons()
  let revision = 0
  let phase: Phase = "starting"
  let problem: Problem | undefined
  let retention: RetentionReport | undefined
  let relief: RetentionActionState | undefined
  let harm: Problem | undefined
  let isSelected = false
  let dirty = false
  let streamingSinceMs = 0
  let latestCommitMs: number | undefined

  const touched = () => {
    dirty = true
    revision++
    events.changed(monitor)
  }
  const setState = (table: TableSchema, state: TableState, reason: string | null) => {
    const before = tables.get(table.id)
    // A state that cannot follow the present one comes from a report that a later one has passed: it is ignored.
    if (before !== undefined && before.state !== state && !tableMayBecome(before.state, state, "pipeline"))
      return
    tables.set(table.id, {
      ...(before ?? fresh(table)),
      ...describe(table),
      state,
      reason,
      updatedAt: new Date(),
    })
    touched()
  }

  const reporter: PipelineReporter = {
    phase(next) {
      phase = next
      monitor.progressedAtMs = performance.now()
      if (next === "streaming") streamingSinceMs = Date.now()
      events.changed(monitor)
    },
    problem(next) {
      problem = next
      events.changed(monitor)
    },
    snapshot(wanted, refused) {
      const kept = new Set([...wanted, ...refused].map((table) => table.id))
      for (const id of tables.keys()) if (!kept.has(id)) tables.delete(id)
      for (const table of wanted) tables.set(table.id, fresh(table))
      for (const table of refused) tables.set(table.id, refusedProgress(table))
      touched()
    },
    copied(table, event) {
      monitor.progressedAtMs = performance.now()
      applyCopyEvent({ tables, totals, tableReasons }, table, event)
      revision++
      if (event.kind !== "rows") touched()
    },
    streaming(streamed) {
      // The warehouse decides: the record here may be older than a crash.
      for (const table of streamed) {
        const known = { ...(tables.get(table.id) ?? fresh(table)), ...describe(table), updatedAt: new Date() }
        tables.set(table.id, { ...known, state: "Synced", reason: tableReasons.of(table) })
      }
      touched()
    },
    applied(applied) {
      addTotals(totals, applied)
      addBatch(batchDurations, applied.tookMs / 1_000)
      revision++
      const { firstCommittedAtMs, lastCommittedAtMs = latestCommitMs } = applied
      latestCommitMs = lastCommittedAtMs
      const lagMs =
        firstCommittedAtMs === undefined ? undefined : Math.max(0, applied.visibleAtMs - firstCommittedAtMs)
      // What was committed during a copy, or while we were away, waited for that and says nothing of the stream.
      if (firstCommittedAtMs !== undefined && lagMs !== undefined && firstCommittedAtMs >= streamingSinceMs)
        lags.add(lagMs, applied.transactions)
      for (const { table, changes } of applied.tables) {
        const progress = tables.get(table.id)
        if (progress === undefined) continue
        const { schema, name } = progress
        Object.assign(progress, describe(table))
        tableReasons.renew(progress, table)
        if (schema !== table.schema || name !== table.name) touched()
        progress.changes += changes
        progress.lastLagMs = lagMs ?? progress.lastLagMs
      }
    },
    stale({ table, kind, reason }) {
      // The report comes late, with its batch: a copy that has begun meanwhile already answers it.
      const state = tables.get(table.id)?.state
      if (kind === "changed" && state === "ResyncInitiated") return
      // A failed table that is stale as well is not reported again: the reason is known.
      if (kind === "changed" && state === "Failed") return
      setState(table, "ResyncRequired", reason)
    },
    dropped: (table, keepsVersions) => setState(table, keepsVersions ? "DroppedSource" : "Deleted", null),
    versions(kept, dropped) {
      for (const progress of tables.values()) progress.keepsVersions = kept.has(progress.id)
      for (const table of dropped)
        tables.set(table.id, { ...(tables.get(table.id) ?? fresh(table)), state: "DroppedSource" })
      touched()
    },
    refused(table) {
      tables.set(table.id, refusedProgress(table))
      touched()
    },
    incrementalSnapshotFailed(cause, wanted) {
      for (const table of wanted) if (!tables.has(table.id)) tables.set(table.id, fresh(table))
      for (const progress of tables.values())
        if (progress.state === "ResyncInitiated") progress.reason = cause.message
      touched()
    },
    cutTexts(columnsOf) {
      if (tableReasons.cutTexts(columnsOf, tables.values())) touched()
    },
    selecting() {
      isSelected = false
    },
    selected(ids) {
      isSelected = true
      for (const progress of tables.values())
        if (!ids.has(progress.id) && !isGone(progress.state))
          Object.assign(progress, { state: "Deleted", reason: null, updatedAt: new Date() })
      touched()
    },
  }

  const monitor: PipelineMonitor & { progressedAtMs: number } = {
    record,
    get phase() {
      return phase
    },
    get problem() {
      return problem
    },
    progressedAtMs: performance.now(),
    tables,
    totals,
    batchDurations,
    get revision() {
      return revision
    },
    lags,
    get isSelected() {
      return isSelected
    },
    get latestCommitMs() {
      return latestCommitMs
    },
    takeDirtyTables() {
      if (!dirty) return undefined
      dirty = false
      return [...tables.values()].map((progress) => recordOf(record, progress))
    },
    markDirty() {
      dirty = true
    },
    get retention() {
      return retention
    },
    retained(next) {
      retention = next
    },
    get relief() {
      return relief
    },
    relieved(next) {
      relief = next
    },
    get harm() {
      return harm
    },
    harms(next) {
      if (harm?.message === next?.message) return
      harm = next
      events.changed(monitor)
    },
    verified(id, verified) {
      const progress = tables.get(id)
      if (progress === undefined) return
      progress.verified = verified
      touched()
    },
    remedied(id) {
      const progress = tables.get(id)
      if (progress === undefined) return
      progress.verified = null
      totals.remediedTables++
      touched()
    },
    reporter,
  }
  return monitor
}

function addTotals(totals: PipelineTotals, applied: Applied): void {
  totals.changes += applied.changes
  totals.transactions += applied.transactions
  totals.batches++
  totals.stagedBytes += applied.stagedBytes
}

interface Copied {
  tables: Map<string, TableProgress>
  totals: PipelineTotals
  tableReasons: TableReasons
}

function applyCopyEvent(
  { tables, totals, tableReasons }: Copied,
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
      progress.reason = tableReasons.of(table)
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

/** For people: `public.orders`. */
export function tableLabel(progress: TableProgress): string {
  return qualifiedName(progress)
}
