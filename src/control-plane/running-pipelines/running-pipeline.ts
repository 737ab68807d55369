import { createHash } from "node:crypto"
import type { Integration } from "../../domain/integration.ts"
import { shownPosition } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import type { Pipeline } from "../../replication/pipeline.ts"
import type { DatabaseRecord } from "../../state/databases.ts"
import type { Lease } from "../../state/leases.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"
import type { Store } from "../../state/store.ts"
import type { ReconcilerLog } from "../log.ts"
import { newPipelineHistory, type PipelineHistory } from "./pipeline-history.ts"
import type { PipelineLauncher } from "./pipeline-launcher.ts"
import { newPipelineMonitor, type PipelineMonitor } from "./pipeline-monitor.ts"

export interface RunningPipeline {
  /** The lease under which the pipeline runs. */
  lease: Lease
  sourceArn: string
  monitor: PipelineMonitor
  /** `undefined`: the pipeline could not be launched; the monitor's problem says why. */
  pipeline: Pipeline | undefined
  /** The destination database's record, as last read. */
  database: DatabaseRecord
  /** The integration's data filter, as last read. */
  dataFilter: string | undefined
  history: PipelineHistory
  /** Its integration names a key: values of its rows lie nowhere in the clear. */
  hasKey: boolean
  /** As its connections were opened. */
  acceptsInvalidCharacters: boolean
  /** See PipelineLauncher.configured: what its connections were opened by. */
  source: object | undefined
}

/** How far the warehouse is in the source's history; `undefined` while it does not stream. */
export function visiblePosition({ pipeline }: RunningPipeline): string | undefined {
  const streaming = pipeline?.streaming()
  return streaming && shownPosition(streaming.visible())
}

export interface LaunchOptions {
  store: Store
  launcher: PipelineLauncher
  log: ReconcilerLog
  /** Has the reconciler run soon. */
  nudge(): void
}

export interface PipelineToLaunch {
  integration: Integration
  database: DatabaseRecord
  lease: Lease
}

/** Starts a pipeline; what keeps it from starting is a problem of its monitor. @throws LeaseLost */
export async function launch(
  options: LaunchOptions,
  { integration, database, lease }: PipelineToLaunch,
): Promise<RunningPipeline> {
  const record = recordOf(database)
  // Recorded before anything is made at the source, so that it is never leaked.
  await options.store.pipelines.put(record, lease)
  const known = (await options.store.tables.ofIntegration(integration.id)).filter(
    (row) => row.sourceDatabase === record.sourceDatabase,
  )
  const logState = stateLogger(options.log)
  const monitor = newPipelineMonitor(record, known, {
    changed: (changed) => {
      logState(changed)
      options.nudge()
    },
  })
  const one: RunningPipeline = {
    lease,
    sourceArn: integration.sourceArn,
    monitor,
    pipeline: undefined,
    database,
    dataFilter: integration.dataFilter,
    hasKey: integration.kmsKeyId !== undefined,
    acceptsInvalidCharacters: database.options.acceptInvalidCharacters,
    source: options.launcher.configured(integration.sourceArn),
    history: newPipelineHistory(monitor, () => visiblePosition(one)),
  }
  one.pipeline = start(options, integration, one)
  options.log.info(
    {
      integration: integration.id,
      sourceDatabase: record.sourceDatabase,
      database: record.destinationDatabase,
      generation: lease.generation,
    },
    "pipeline started",
  )
  return one
}

function start(options: LaunchOptions, integration: Integration, one: RunningPipeline): Pipeline | undefined {
  const { monitor, history } = one
  try {
    return options.launcher.start(integration, monitor.record, history.reporter, {
      options: () => one.database.options,
      dataFilter: () => one.dataFilter,
      generation: one.lease.generation,
    })
  } catch (error) {
    history.reporter.problem(
      error instanceof Problem
        ? error
        : new Problem("internal", "The pipeline cannot be started.", { cause: error }),
    )
    return undefined
  }
}

/** Logs each phase and each problem once, however often other facts change. */
function stateLogger(log: ReconcilerLog): (monitor: PipelineMonitor) => void {
  let told: { phase: string; problem: Problem | undefined } | undefined
  return ({ record, phase, problem }) => {
    if (told?.phase === phase && told.problem === problem) return
    told = { phase, problem }
    const fields = { integration: record.integrationId, sourceDatabase: record.sourceDatabase, phase }
    if (problem === undefined || phase !== "waiting") return log.info(fields, "pipeline state")
    const { kind, message: reason } = problem
    log.warn({ ...fields, problem: kind, reason, cause: causeOf(problem) }, "pipeline waits to try again")
  }
}

/** Of the cause only name, message and stack: a driver's error object may hold a query's text or more. */
function causeOf({ kind, cause }: Problem): string | undefined {
  if (!(cause instanceof Error)) return undefined
  return kind === "internal" ? cause.stack : cause.message
}

/** Another filter acts without a restart. */
export function follow(one: RunningPipeline, { dataFilter }: Integration): void {
  if (one.dataFilter === dataFilter) return
  one.dataFilter = dataFilter
  one.pipeline?.selectionChanged()
}

/** The other options act without a restart. */
export function adjust(one: RunningPipeline, database: DatabaseRecord): void {
  const before = one.database.options
  one.database = database
  if (JSON.stringify(before) !== JSON.stringify(database.options)) one.pipeline?.settingsChanged()
}

/** The pipeline that a destination database needs. */
export function recordOf({ integrationId, sourceDatabase, name }: DatabaseRecord): PipelineRecord {
  return {
    integrationId,
    sourceDatabase,
    destinationDatabase: name,
    sourceHandle: handleOf(integrationId, sourceDatabase),
  }
}

/** A name for slots and publications: 63 characters of a-z, 0-9 and _ at most. */
function handleOf(integrationId: string, sourceDatabase: string): string {
  const database = createHash("sha256").update(sourceDatabase).digest("hex").slice(0, 8)
  return `millrace_${integrationId.replaceAll("-", "")}_${database}`
}
