import { createHash } from "node:crypto"
import type { Integration } from "../domain/integration.ts"
import { shownPosition } from "../domain/position.ts"
import { isCurable, Problem } from "../domain/problems.ts"
import type { Pipeline, PipelineReporter, PipelineSettings } from "../replication/pipeline.ts"
import type { DatabaseRecord } from "../state/databases.ts"
import type { PipelineRecord } from "../state/pipelines.ts"
import type { Store } from "../state/store.ts"
import { type Endings, keyOf, newEndings, within } from "./ending.ts"
import { newPipelineHistory, type PipelineHistory } from "./pipeline-history.ts"
import { type MonitorEvents, newPipelineMonitor, type PipelineMonitor } from "./pipeline-monitor.ts"
import { remediate } from "./remediation.ts"
import { report } from "./report.ts"

export interface LaunchSettings extends PipelineSettings {
  dataFilter(): string | undefined
}

/** Makes and unmakes the real thing. The server implements it with concrete sources and warehouses. */
export interface PipelineLauncher {
  /** @throws Problem sourceMissing or warehouseMissing when the configuration no longer names them. */
  start(
    integration: Integration,
    record: PipelineRecord,
    reporter: PipelineReporter,
    settings: LaunchSettings,
  ): Pipeline
  /** Removes what the pipeline made at the source. Repeatable. Throws Problem. */
  cleanSource(integration: Integration, record: PipelineRecord): Promise<void>
  /** What a person does where `cleanSource` cannot; undefined: nothing, or nobody knows which source it was. */
  removal(integration: Integration, record: PipelineRecord): string | undefined
  /** Takes a database of the integration's warehouse away. Repeatable. Throws Problem. */
  dropDatabase(integration: Integration, name: string): Promise<void>
}

export interface ReconcilerLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ReconcilerOptions {
  store: Store
  launcher: PipelineLauncher
  log: ReconcilerLog
  events: Pick<MonitorEvents, "applied">
  /** What hinders an integration besides its pipelines. */
  otherProblems(integration: Integration): Problem[]
  /** How long a deletion waits for a source that is gone; its slot is then named in the log. Default 60 s. */
  cleanUpPatienceMs?: number
}

export interface RunningPipeline {
  sourceArn: string
  monitor: PipelineMonitor
  /** `undefined`: it could not even be launched; see the monitor's problem. */
  pipeline: Pipeline | undefined
  /** Its database as ordered, by the latest look. */
  database: DatabaseRecord
  /** As ordered, by the latest look. */
  dataFilter: string | undefined
  history: PipelineHistory
  /** As its connections were opened. */
  acceptsInvalidCharacters: boolean
}

/** How far the warehouse is in the source's history; `undefined` while it does not stream. */
export function visiblePosition({ pipeline }: RunningPipeline): string | undefined {
  const streaming = pipeline?.streaming()
  return streaming && shownPosition(streaming.visible())
}

export interface Reconciler {
  /** Look now rather than at the next turn. */
  nudge(): void
  running(): RunningPipeline[]
  /** Whether a turn has ended well since the start. */
  readonly ready: boolean
  /** Stops every pipeline. */
  stop(): Promise<void>
}

const turnEveryMs = 1_000
const usualCleanUpPatienceMs = 60_000
/** Whatever the turn at hand waits for must not keep the process from stopping. */
const turnStopLimitMs = 3_000

/**
 * Makes what is be what should be: reads the integrations, and starts, stops and cleans pipelines. It takes no input,
 * so that the way after a crash is the usual way.
 */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  const running = new Map<string, RunningPipeline>()
  const endings = newEndings({
    ...options,
    patienceMs: options.cleanUpPatienceMs ?? usualCleanUpPatienceMs,
    stop: (record) => stopPipeline(running, keyOf(record)),
  })
  const turn: Turn = { ...options, running, endings, nudge: () => nudge() }
  let timer: NodeJS.Timeout | undefined
  let current: Promise<void> | undefined
  let again = false
  let stopped = false
  let ready = false

  async function turnOnce(): Promise<void> {
    try {
      await reconcile(turn)
      ready = true
    } catch (error) {
      options.log.error({ err: error }, "reconciling failed; trying again")
    }
  }

  function nudge(): void {
    again = true
    if (current !== undefined || stopped) return
    clearTimeout(timer)
    current = run().finally(() => {
      current = undefined
      if (!stopped) timer = setTimeout(nudge, turnEveryMs)
    })
  }

  async function run(): Promise<void> {
    while (again && !stopped) {
      again = false
      await turnOnce()
    }
  }

  nudge()
  return {
    nudge,
    running: () => [...running.values()],
    get ready() {
      return ready
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await within(turnStopLimitMs, current)
      await Promise.all([...running.values()].map((one) => one.pipeline?.stop()))
    },
  }
}

interface Turn extends ReconcilerOptions {
  running: Map<string, RunningPipeline>
  endings: Endings
  nudge(): void
}

async function reconcile(turn: Turn): Promise<void> {
  const integrations = await turn.store.integrations.all()
  const failures: unknown[] = []
  for (const integration of integrations) {
    // One that cannot be brought on must not hold up the others.
    await bring(turn, integration).catch((error: unknown) => failures.push(error))
  }
  const wanted = new Set(integrations.map((integration) => integration.id))
  for (const [key, one] of turn.running) {
    if (!wanted.has(one.monitor.record.integrationId)) await stopPipeline(turn.running, key)
  }
  if (failures.length > 0) throw failures[0]
}

async function bring(turn: Turn, integration: Integration): Promise<void> {
  switch (integration.status) {
    case "deleting":
      return await finishDeletion(turn, integration)
    case "failed":
      if (isCurable(integration.errors)) return await bringUp(turn, integration)
      // It can only be deleted: until then its source must keep nothing for it.
      await windDown(turn, integration)
      return
    default:
      return await bringUp(turn, integration)
  }
}

async function bringUp(turn: Turn, integration: Integration): Promise<void> {
  const databases = await turn.store.databases.ofIntegration(integration.id)
  const occupied = await endDropped(turn, integration, databases)
  for (const database of databases) {
    const record = recordOf(database)
    await stopOutdated(turn, keyOf(record), database)
    const one = turn.running.get(keyOf(record))
    if (one === undefined && !occupied.has(database.sourceDatabase))
      await launch(turn, integration, record, database)
    else if (one !== undefined) {
      follow(one, integration)
      adjust(one, database)
    }
  }
  const mine = [...turn.running.values()].filter(
    ({ monitor }) => monitor.record.integrationId === integration.id,
  )
  for (const one of mine) remediate(one, turn.log)
  await report(turn.store, integration, mine, occupied.size > 0, turn.otherProblems(integration))
}

function recordOf({ integrationId, sourceDatabase, name }: DatabaseRecord): PipelineRecord {
  return {
    integrationId,
    sourceDatabase,
    destinationDatabase: name,
    sourceHandle: handleOf(integrationId, sourceDatabase),
  }
}

/** Ends the pipelines whose database was dropped; the source databases of which that is not done yet. */
async function endDropped(
  turn: Turn,
  integration: Integration,
  databases: readonly DatabaseRecord[],
): Promise<Set<string>> {
  const occupied = new Set<string>()
  for (const record of await turn.store.pipelines.ofIntegration(integration.id)) {
    const isWanted = databases.some(
      (one) => one.sourceDatabase === record.sourceDatabase && one.name === record.destinationDatabase,
    )
    if (isWanted || (await turn.endings.end(integration, record, "dropped"))) continue
    occupied.add(record.sourceDatabase)
  }
  return occupied
}

/** How text comes is settled with each connection: another way takes new ones. */
async function stopOutdated({ running }: Turn, key: string, { options }: DatabaseRecord): Promise<void> {
  const one = running.get(key)
  if (one !== undefined && one.acceptsInvalidCharacters !== options.acceptInvalidCharacters)
    await stopPipeline(running, key)
}

/** Another filter acts without a restart. */
function follow(one: RunningPipeline, { dataFilter }: Integration): void {
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

/** A name for slots and publications: 63 characters of a-z, 0-9 and _ at most. */
function handleOf(integrationId: string, sourceDatabase: string): string {
  const database = createHash("sha256").update(sourceDatabase).digest("hex").slice(0, 8)
  return `millrace_${integrationId.replaceAll("-", "")}_${database}`
}

async function launch(
  turn: Turn,
  integration: Integration,
  record: PipelineRecord,
  database: DatabaseRecord,
): Promise<void> {
  // Recorded before anything is made at the source, so that it is never leaked.
  await turn.store.pipelines.put(record)
  const known = (await turn.store.tables.ofIntegration(integration.id)).filter(
    (row) => row.sourceDatabase === record.sourceDatabase,
  )
  const logState = stateLogger(turn.log)
  const monitor = newPipelineMonitor(record, known, {
    changed: (changed) => {
      logState(changed)
      turn.nudge()
    },
    applied: turn.events.applied,
  })
  const one: RunningPipeline = {
    sourceArn: integration.sourceArn,
    monitor,
    pipeline: undefined,
    database,
    dataFilter: integration.dataFilter,
    acceptsInvalidCharacters: database.options.acceptInvalidCharacters,
    history: newPipelineHistory(monitor, () => visiblePosition(one)),
  }
  one.pipeline = start(turn, integration, one)
  turn.running.set(keyOf(record), one)
  turn.log.info(
    {
      integration: integration.id,
      sourceDatabase: record.sourceDatabase,
      database: record.destinationDatabase,
    },
    "pipeline started",
  )
}

function start(turn: Turn, integration: Integration, one: RunningPipeline): Pipeline | undefined {
  const { monitor, history } = one
  try {
    return turn.launcher.start(integration, monitor.record, history.reporter, {
      options: () => one.database.options,
      dataFilter: () => one.dataFilter,
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

/** Tells each phase and each problem once, however often something else changes meanwhile. */
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

async function stopPipeline(running: Map<string, RunningPipeline>, key: string): Promise<void> {
  await running.get(key)?.pipeline?.stop()
  running.delete(key)
}

/** Ends its pipelines, then forgets the integration; its databases stay. */
async function finishDeletion(turn: Turn, integration: Integration): Promise<void> {
  if (!(await windDown(turn, integration))) return
  await turn.store.integrations.remove(integration.id)
  turn.log.info({ integration: integration.id }, "integration deleted")
}

/** Ends its pipelines, and what the source keeps for them; false when that is to be tried again. */
async function windDown(turn: Turn, integration: Integration): Promise<boolean> {
  for (const record of await turn.store.pipelines.ofIntegration(integration.id))
    if (!(await turn.endings.end(integration, record, "kept"))) return false
  return true
}
