import type { Problem } from "../../domain/problems.ts"
import { qualifiedName } from "../../domain/table.ts"
import type { Applied } from "../../replication/batch/apply-loop.ts"
import type { LagSamples } from "../../replication/lag.ts"
import type { Phase, PipelineReporter } from "../../replication/pipeline.ts"
import type { RetentionActionState } from "../../replication/spool/retention-actions.ts"
import type { BatchDurations, PipelineTotals } from "../../state/pipelines/observed-facts.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"
import type { TableRecord, VerifiedAt } from "../../state/tables.ts"
import { type MonitoredTables, newMonitoredTables } from "./monitor/monitored-tables.ts"
import { newStreamFigures, type StreamFigures } from "./monitor/stream-figures.ts"
import { applyCopyEvent, tableReports } from "./monitor/table-reports.ts"
import type { RetentionReport } from "./retention-watch.ts"
import { describe, type TableProgress } from "./table-progress.ts"

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
  /** As `retention`; stays when that is not known any more. */
  readonly latestRetention: RetentionReport | undefined
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

/** What a pipeline and its source tell of themselves, apart from tables and figures. */
interface RunState {
  phase: Phase
  problem: Problem | undefined
  progressedAtMs: number
  isSelected: boolean
  retention: RetentionReport | undefined
  latestRetention: RetentionReport | undefined
  relief: RetentionActionState | undefined
  harm: Problem | undefined
}

/** What a monitor is made of. */
interface Parts {
  run: RunState
  tables: MonitoredTables
  figures: StreamFigures
  /** Tells others that there is something to record. */
  changed(): void
}

/** `known`: the tables as last recorded, so that a restart does not forget what failed. */
export function newPipelineMonitor(
  record: PipelineRecord,
  known: readonly TableRecord[],
  events: MonitorEvents,
): PipelineMonitor {
  const changed = () => events.changed(monitor)
  const run: RunState = {
    phase: "starting",
    problem: undefined,
    progressedAtMs: performance.now(),
    isSelected: false,
    retention: undefined,
    latestRetention: undefined,
    relief: undefined,
    harm: undefined,
  }
  const parts = {
    run,
    tables: newMonitoredTables(record, known, changed),
    figures: newStreamFigures(),
    changed,
  }
  const monitor = monitorOf(record, parts)
  return monitor
}

function monitorOf(record: PipelineRecord, parts: Parts): PipelineMonitor {
  const { run, tables, figures } = parts
  return {
    record,
    get phase() {
      return run.phase
    },
    get problem() {
      return run.problem
    },
    get progressedAtMs() {
      return run.progressedAtMs
    },
    get isSelected() {
      return run.isSelected
    },
    get retention() {
      return run.retention
    },
    get latestRetention() {
      return run.latestRetention
    },
    get relief() {
      return run.relief
    },
    get harm() {
      return run.harm
    },
    get revision() {
      return tables.revision
    },
    get latestCommitMs() {
      return figures.latestCommitMs
    },
    tables: tables.all,
    totals: figures.totals,
    batchDurations: figures.batchDurations,
    lags: figures.lags,
    takeDirtyTables: () => tables.takeDirty(),
    markDirty: () => tables.markDirty(),
    ...notesOf(parts),
    reporter: reporterOf(parts),
  }
}

/** What others than the pipeline tell its monitor. */
function notesOf({
  run,
  tables,
  figures,
  changed,
}: Parts): Pick<PipelineMonitor, "retained" | "relieved" | "harms" | "verified" | "remedied"> {
  return {
    retained(next) {
      run.retention = next
      run.latestRetention = next ?? run.latestRetention
    },
    relieved(next) {
      run.relief = next
    },
    harms(next) {
      if (run.harm?.message === next?.message) return
      run.harm = next
      changed()
    },
    verified(id, verified) {
      const progress = tables.all.get(id)
      if (progress === undefined) return
      progress.verified = verified
      tables.touched()
    },
    remedied(id) {
      const progress = tables.all.get(id)
      if (progress === undefined) return
      progress.verified = null
      figures.totals.remediedTables++
      tables.touched()
    },
  }
}

function reporterOf({ run, tables, figures, changed }: Parts): PipelineReporter {
  const reports = tableReports(tables)
  return {
    ...reports,
    phase(next) {
      run.phase = next
      run.progressedAtMs = performance.now()
      if (next === "streaming") figures.streaming()
      changed()
    },
    problem(next) {
      run.problem = next
      changed()
    },
    copied(table, event) {
      run.progressedAtMs = performance.now()
      applyCopyEvent(tables, figures.totals, table, event)
      tables.counted()
      if (event.kind !== "rows") tables.touched()
    },
    applied(batch) {
      const lagMs = figures.applied(batch)
      tables.counted()
      countChanges(tables, batch, lagMs)
    },
    selecting() {
      run.isSelected = false
    },
    selected(ids) {
      run.isSelected = true
      reports.selected(ids)
    },
  }
}

/** `lagMs`: of the batch; `undefined`: it has none, and the tables keep theirs. */
function countChanges(tables: MonitoredTables, batch: Applied, lagMs: number | undefined): void {
  for (const { table, changes } of batch.tables) {
    const progress = tables.all.get(table.id)
    if (progress === undefined) continue
    const { schema, name } = progress
    Object.assign(progress, describe(table))
    tables.reasons.renew(progress, table)
    if (schema !== table.schema || name !== table.name) tables.touched()
    progress.changes += changes
    progress.lastLagMs = lagMs ?? progress.lastLagMs
  }
}

/** For people: `public.orders`. */
export function tableLabel(progress: TableProgress): string {
  return qualifiedName(progress)
}
