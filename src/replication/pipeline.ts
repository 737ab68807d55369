import { pause, within } from "../concurrency/deadline.ts"
import type { DatabaseOptions } from "../domain/database-options.ts"
import { type Problem, problemKinds } from "../domain/problems.ts"
import type { TableSchema } from "../domain/table.ts"
import type { Applied } from "./batch/apply-loop.ts"
import type { Batcher } from "./batch/batcher.ts"
import type { StaleTable } from "./batch/open-batch.ts"
import { OversizedTable } from "./contracts/oversized.ts"
import type { RefusedTable, Source, TableSelection } from "./contracts/source.ts"
import type { Warehouse } from "./contracts/warehouse.ts"
import { asProblem, prepareRetry } from "./failed-attempt.ts"
import { newRetryWaits } from "./retry-waits.ts"
import { takeSnapshot } from "./snapshot/first-snapshot.ts"
import type { CopyEvent } from "./snapshot/snapshot-copy.ts"
import { requireHistory } from "./spool/require-history.ts"
import {
  newRetentionActionWorker,
  type RetentionActionState,
  type RetentionActions,
  type RetentionActionWorker,
} from "./spool/retention-actions.ts"
import type { AtRest } from "./spool/sealing.ts"
import type { Spool } from "./spool/spool.ts"
import { type LiveParts, streamFrom } from "./stream-attempt.ts"
import type { StreamingPipeline } from "./streaming.ts"
import { type AskedResyncs, newAskedResyncs } from "./tables/asked-resyncs.ts"
import { optionsOf } from "./tables/database-options.ts"
import { type LeftBehind, newLeftBehind } from "./tables/left-behind.ts"
import { conforming } from "./values/value-transforms.ts"
import { type Waits, waitsOf } from "./waits.ts"
import type { WriteObserver } from "./write-order.ts"

/** What may change while a pipeline runs. */
export interface PipelineSettings {
  options(): DatabaseOptions
}

export interface PipelineOptions {
  /** Names the pipeline in the warehouse's bookkeeping. */
  name: string
  /** The owner's generation: the warehouse refuses writes of owners with a smaller one. */
  generation: number
  /** The pipeline's name at the source: of its slot, publication or connection. */
  handle: string
  source: Source
  warehouse: Warehouse
  database: string
  select: TableSelection
  reporter: PipelineReporter
  observe: WriteObserver
  /** What is done when the source retains more than its budget; default: nothing. */
  relief?: RetentionActions
  /** Default: the defaults of a database. */
  settings?: PipelineSettings
  /** Opens the pipeline's spool, or makes it; called at most once. */
  spool?: () => Promise<Spool>
  /** The key under which staging files are encrypted; absent: they are not. */
  atRest?: AtRest | undefined
  /** Default: the usual ones. */
  waits?: Partial<Waits> | undefined
}

export type Phase = "starting" | "copying" | "streaming" | "waiting" | "stopped"

export type CutColumns = (table: TableSchema) => readonly string[]

/** Receives what happens, to show and record it. Must not throw. */
export interface PipelineReporter {
  phase(phase: Phase): void
  /** The problem that stops the pipeline now; `undefined`: it is gone. */
  problem(problem: Problem | undefined): void
  /** A snapshot of `tables` begins; `refused`: tables that cannot be replicated. */
  snapshot(tables: TableSchema[], refused: RefusedTable[]): void
  copied(table: TableSchema, event: CopyEvent): void
  /** Streaming begins with these tables. */
  streaming(tables: TableSchema[]): void
  applied(applied: Applied): void
  /**
   * The table changed in a way that the stream does not tell, or a column must become text: it stays readable and is not
   * updated.
   */
  stale(stale: StaleTable): void
  /** The table was dropped at the source and now in the warehouse. */
  dropped(table: TableSchema, keepsVersions: boolean): void
  /** Which tables keep versions in the warehouse: ids of live tables, and dropped tables. */
  versions?(kept: ReadonlySet<string>, dropped: readonly TableSchema[]): void
  /** A table that the filter takes but that cannot be replicated. */
  refused(table: RefusedTable): void
  /** An incremental snapshot failed; it is tried again. */
  incrementalSnapshotFailed(problem: Problem, tables: readonly TableSchema[]): void
  /** Which columns' texts are cut where they are too long, by name; told when the warehouse is open, and when settings change. */
  cutTexts?(columnsOf: CutColumns): void
  /** The warehouse does not have, or is not known to have, just the selected tables. */
  selecting(): void
  /** The warehouse has just the selected tables; `ids`: those, failed ones among them. */
  selected(ids: ReadonlySet<string>): void
}

export interface Pipeline {
  /** Age in ms of the oldest commit that is not visible yet; `undefined` while that cannot be known. */
  lagMs(): number | undefined
  /** Source clock of the newest commit that this stream brought; `undefined` while there is none. */
  latestCommitMs(): number | undefined
  /** See ChangeStream.overdueMs; 0 while the pipeline does not stream. */
  overdueMs(): number
  /** The interface of the running stream; `undefined` while the pipeline does not stream. */
  streaming(): StreamingPipeline | undefined
  /** The source retains more for this pipeline than its budget: the retention action begins. Returns at once. */
  relieve(): void
  /** State of the retention action; `undefined`: none, or it is over. */
  relief(): RetentionActionState | undefined
  /** The settings have changed: they are read again now. */
  settingsChanged(): void
  /** The selection has changed: tables come and go while the rest streams on; the reporter tells when that is done. */
  selectionChanged(): void
  /**
   * Stops reading, finishes the present batch and closes. Resolves when all is closed, or after `limitMs` (5,000): a source
   * that does not answer is not waited for, and nothing new is begun when it does.
   */
  stop(limitMs?: number): Promise<void>
}

const stopLimitMs = 5_000

/**
 * Starts a pipeline, which runs until it is stopped: a snapshot where the warehouse has no position, then the stream
 * from the position; after a failure a new attempt.
 */
export function startPipeline(options: PipelineOptions): Pipeline {
  const stop = new AbortController()
  const relief = newRetentionActionWorker(options)
  const state: RunState = {
    batcher: undefined,
    live: undefined,
    trouble: undefined,
    copiedRows: 0,
    failedAtRows: 0,
    cutColumns: undefined,
    isReaderEnded: false,
    leftBehind: newLeftBehind(),
    asked: newAskedResyncs(),
    relief,
  }
  const running = runUntilStopped(options, state, stop.signal)
  return {
    lagMs: () => lagOf(state),
    latestCommitMs: () => state.batcher?.latestCommitMs,
    overdueMs: () => state.live?.overdueMs() ?? 0,
    streaming: () => state.live?.streaming,
    relieve: relief.ask,
    relief: () => relief.state,
    settingsChanged() {
      if (state.cutColumns !== undefined) options.reporter.cutTexts?.(state.cutColumns)
      state.live?.interval.intervalChanged()
      state.live?.streaming.settingsChanged()
    },
    selectionChanged() {
      options.reporter.selecting()
      state.live?.watch.selectionChanged()
    },
    async stop(limitMs = stopLimitMs) {
      stop.abort()
      await within(limitMs, Promise.all([running, relief.stop()]))
    },
  }
}

/** What outlives an attempt, and the parts of the present attempt that can be asked. */
export interface RunState {
  batcher: Batcher | undefined
  /** While it streams. */
  live: LiveParts | undefined
  /** What an attempt has failed with, and is not known to be gone. */
  trouble: Problem | undefined
  /** That this attempt's snapshot has copied, and that the one which failed had. */
  copiedRows: number
  failedAtRows: number
  /** Of the warehouse, once it was opened. */
  cutColumns: CutColumns | undefined
  /** The connection of an earlier owner at the source has been ended. */
  isReaderEnded: boolean
  /** Tables that the warehouse has refused: the next attempt runs without them. */
  readonly leftBehind: LeftBehind
  readonly asked: AskedResyncs
  readonly relief: RetentionActionWorker
}

function lagOf({ batcher }: RunState): number | undefined {
  if (batcher === undefined || batcher.caughtUpAtMs === 0) return undefined
  const oldest = batcher.oldestWaitingMs
  return oldest === undefined ? 0 : Math.max(0, Date.now() - oldest)
}

async function runUntilStopped(
  options: PipelineOptions,
  state: RunState,
  signal: AbortSignal,
): Promise<void> {
  const waits = newRetryWaits(waitsOf(options))
  while (!signal.aborted) {
    try {
      await runOnce(options, state, signal)
      waits.worked()
    } catch (error) {
      if (signal.aborted) break
      const problem = asProblem(error)
      if (problem instanceof OversizedTable)
        for (const refused of [problem, ...problem.others]) state.leftBehind.add(refused)
      waits.failed(problem, state.trouble === undefined)
      state.trouble = problem
      state.failedAtRows = state.copiedRows
      // A connection of our own, whose end the network has not told the source, may be the one that reads the slot.
      if (problem.kind === "sourceInUse") state.isReaderEnded = false
      options.reporter.problem(problem)
      // Another process owns the pipeline now: no further attempt here.
      if (problem.kind === "takenOver") break
      options.reporter.phase("waiting")
      await prepareRetry(options, problem)
    }
    await pause(waits.next(), signal)
  }
  state.asked.close()
  options.reporter.phase("stopped")
}

async function runOnce(options: PipelineOptions, state: RunState, signal: AbortSignal): Promise<void> {
  options.reporter.phase("starting")
  state.copiedRows = 0
  state.relief.warehouseAway()
  const dataKey = await options.atRest?.newDataKey()
  const opened = await options.warehouse.open({
    database: options.database,
    pipeline: options.name,
    generation: options.generation,
    dataKey: dataKey?.key,
    // What an earlier attempt failed with is shown again: it is not known to be gone.
    onHindered: (problem) => options.reporter.problem(problem ?? state.trouble),
  })
  const destination = conforming(opened, () => optionsOf(options))
  state.cutColumns = (table) => destination.inspection.cutColumns?.(table) ?? []
  options.reporter.cutTexts?.(state.cutColumns)
  try {
    let position = await destination.notes.position()
    await state.relief.warehouseBack()
    // No connection of this process reads the slot now, so that ending its reader cannot end our own.
    if (!state.isReaderEnded) await options.source.endReader?.(options.handle)
    state.isReaderEnded = true
    if (position === undefined) await state.relief.copying()
    else await requireHistory(options, await state.relief.spool(), position)
    position ??= await takeSnapshot(options, destination, signal, (rows) => cameOn(options, state, rows))
    if (!signal.aborted) await streamFrom({ options, state, destination, from: position }, signal)
  } finally {
    state.batcher = undefined
    await destination.close()
  }
}

/**
 * A snapshot takes hours: what an attempt has failed with is gone once the next one has come further. What has all tables resynced is
 * shown until that is done.
 */
function cameOn({ reporter }: PipelineOptions, state: RunState, rows: number): void {
  state.copiedRows += rows
  const { trouble, copiedRows, failedAtRows } = state
  if (trouble === undefined || copiedRows <= failedAtRows) return
  if (problemKinds[trouble.kind].reaction === "resync") return
  state.trouble = undefined
  reporter.problem(undefined)
}
