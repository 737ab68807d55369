import { Problem } from "../../domain/problems.ts"
import { tableKey } from "../../domain/table.ts"
import type { RetentionActionState } from "../../replication/spool/retention-actions.ts"
import type { Store } from "../../state/store.ts"
import type { PipelineMonitor, PipelineTotals } from "./pipeline-monitor.ts"
import type { RetentionReport } from "./retention-watch.ts"
import type { RunningPipeline } from "./running-pipeline.ts"

/** What `millrace status` shows. Times in ms; ISO 8601 in UTC. */
export interface StatusReport {
  integrations: IntegrationReport[]
  /** Databases of the warehouses whose file cannot be opened; the others can be used. */
  unopenedDatabases: UnopenedReport[]
}

export interface UnopenedReport {
  name: string
  /** The engine's. */
  reason: string
  /** What a person can do. */
  remedy: string
}

export interface IntegrationReport {
  id: string
  arn: string
  name: string
  status: string
  errors: { code: string; message: string }[]
  /** Source databases that wait for CREATE DATABASE. */
  waiting: string[]
  pipelines: PipelineReport[]
}

export interface PipelineReport {
  sourceDatabase: string
  destinationDatabase: string
  phase: string
  /** Age of the oldest commit not visible yet; null while unknown. */
  lagMs: number | null
  lagP50Ms: number | null
  lagP99Ms: number | null
  totals: PipelineTotals
  retention: RetentionStatus | null
  /** What was done because the source kept too much: `spooling`, `released`, `failed`; null: nothing. Sizes of a spool only. */
  relief: { kind: string; bytes: number | null; limitBytes: number | null; isFull: boolean } | null
  tables: TableReport[]
}

/** What the source keeps for the pipeline, by a look in the last minute; null: not known. */
export interface RetentionStatus {
  /** As the source calls it (PostgreSQL: wal_status). */
  status: string
  retainedBytes: number
  /** What the source may keep for it by the configuration, and the policy beyond; null: nothing is declared. */
  budgetBytes: number | null
  policy: string | null
  /** How much more the source may write before it lets go of what we need; null: it never does. */
  safeBytes: number | null
  bytesPerSecond: number | null
  /** Until then at this rate, if nothing is read; null: no limit, or not known. */
  secondsToLoss: number | null
  at: string
}

export interface TableReport {
  schema: string
  name: string
  state: string
  reason: string | null
  /** Rows in the warehouse now; while copying, rows copied so far; null when that cannot be told. */
  rows: number | null
  estimatedRows: number
  changes: number
  lagMs: number | null
  /** The latest comparison with the source, and the rows that differed then; null when there was none since it was copied. */
  verified: { position: string; at: string; differences: number } | null
}

export interface StatusSources {
  store: Store
  running(): RunningPipeline[]
  /** Rows of the live tables, by `tableKey`. */
  countRows(monitor: PipelineMonitor): Promise<Map<string, number>>
  /** Absent: every database is open. */
  unopened?(): UnopenedReport[]
}

/** Integrations, their pipelines and tables, as they are now. */
export async function statusReport(sources: StatusSources): Promise<StatusReport> {
  const integrations = await sources.store.integrations.all()
  const waiting = await sources.store.databases.waiting()
  const running = sources.running()
  return {
    unopenedDatabases: sources.unopened?.() ?? [],
    integrations: await Promise.all(
      integrations.map(async ({ id, arn, name, status, errors }) => {
        const mine = running.filter((one) => one.monitor.record.integrationId === id)
        return {
          id,
          arn,
          name,
          status,
          errors,
          waiting: waiting.filter((one) => one.integrationId === id).map((one) => one.sourceDatabase),
          pipelines: await Promise.all(mine.map((one) => pipelineReport(sources, one))),
        }
      }),
    ),
  }
}

async function pipelineReport(
  sources: StatusSources,
  { monitor, pipeline }: RunningPipeline,
): Promise<PipelineReport> {
  const { record, phase, totals, lags } = monitor
  return {
    sourceDatabase: record.sourceDatabase,
    destinationDatabase: record.destinationDatabase,
    phase,
    lagMs: pipeline?.lagMs() ?? null,
    lagP50Ms: lags.percentile(0.5) ?? null,
    lagP99Ms: lags.percentile(0.99) ?? null,
    totals: { ...totals },
    retention: retentionStatus(monitor.retention),
    relief: reliefStatus(pipeline?.relief()),
    tables: tableReports(monitor, await countsOrNone(sources, monitor)),
  }
}

function retentionStatus(retention: RetentionReport | undefined): RetentionStatus | null {
  if (retention === undefined) return null
  const { status, retainedBytes, safeBytes, bytesPerSecond, secondsToLoss, budget, at } = retention
  return {
    status,
    retainedBytes,
    budgetBytes: budget?.budgetBytes ?? null,
    policy: budget?.policy ?? null,
    safeBytes: safeBytes ?? null,
    bytesPerSecond: bytesPerSecond ?? null,
    secondsToLoss: secondsToLoss ?? null,
    at: at.toISOString(),
  }
}

function reliefStatus(relief: RetentionActionState | undefined): PipelineReport["relief"] {
  if (relief === undefined) return null
  if (relief.kind === "spooling") return { ...relief }
  return { kind: relief.kind, bytes: null, limitBytes: null, isFull: false }
}

/** A warehouse that does not answer must not hide the rest of the status. */
export async function countsOrNone(
  sources: Pick<StatusSources, "countRows">,
  monitor: PipelineMonitor,
): Promise<Map<string, number>> {
  try {
    return await sources.countRows(monitor)
  } catch (error) {
    if (error instanceof Problem) return new Map()
    throw error
  }
}

function tableReports(monitor: PipelineMonitor, counts: Map<string, number>): TableReport[] {
  return [...monitor.tables.values()]
    .sort((a, b) => (a.schema + a.name < b.schema + b.name ? -1 : 1))
    .map((table) => ({
      schema: table.schema,
      name: table.name,
      state: table.state,
      reason: table.reason,
      rows: counts.get(tableKey(table)) ?? (monitor.phase === "copying" ? table.copiedRows : null),
      estimatedRows: table.estimatedRows,
      changes: table.changes,
      lagMs: table.lastLagMs,
      verified: table.verified && { ...table.verified, at: table.verified.at.toISOString() },
    }))
}
