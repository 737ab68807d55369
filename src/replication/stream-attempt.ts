/**
 * One attempt to stream: from when a source's stream is asked for until it ends, breaks or is to make way.
 *
 * The parts know one another in a line: source → stream → batcher → apply loop → warehouse, and the table watch beside
 * them. The batcher is made before the stream that feeds it and the watch that it tells; `StreamLinks` has both as soon as
 * there are any. Nothing arrives before the stream, and nothing of tables is told before the watch.
 */
import { startTicks } from "../concurrency/ticks.ts"
import type { Position } from "../domain/position.ts"
import type { TableSchema } from "../domain/table.ts"
import { applyBatches } from "./batch/apply-loop.ts"
import { type Backpressure, isHindered, newBackpressure } from "./batch/backpressure.ts"
import { type BatchInterval, newBatchInterval } from "./batch/batch-interval.ts"
import { Batcher } from "./batch/batcher.ts"
import type { ChangeStream } from "./contracts/source.ts"
import type { TextColumns } from "./contracts/text-columns.ts"
import { newVersionModes, type VersionModes } from "./contracts/versions.ts"
import type { Destination } from "./contracts/warehouse.ts"
import { asProblem } from "./failed-attempt.ts"
import type { PipelineOptions, RunState } from "./pipeline.ts"
import { aborted } from "./signals.ts"
import { hasSettled, newStreaming, type StreamingPipeline } from "./streaming.ts"
import { optionsOf } from "./tables/database-options.ts"
import { type TableWatch, watchTables } from "./tables/table-watch.ts"
import { waitsOf } from "./waits.ts"

export interface StreamAttempt {
  options: PipelineOptions
  state: RunState
  destination: Destination
  /** The warehouse's position. */
  from: Position
}

/** What can be asked of an attempt while it streams. */
export interface LiveParts {
  interval: BatchInterval
  watch: TableWatch
  streaming: StreamingPipeline
  overdueMs(): number
}

/** What the warehouse has noted of the pipeline's tables. */
interface NotedTables {
  tables: TableSchema[]
  texts: TextColumns
  modes: VersionModes
  /** Tables that are dropped at the source and whose versions are kept. */
  dropped: readonly TableSchema[]
}

interface StreamLinks {
  stream: ChangeStream | undefined
  watch: TableWatch | undefined
}

/** Between the source and the apply loop. */
interface Gathering {
  batcher: Batcher
  backpressure: Backpressure
  interval: BatchInterval
  links: StreamLinks
}

interface OpenStream extends Gathering {
  stream: ChangeStream
  noted: NotedTables
  /** Given when the attempt ends, for whatever reason. */
  ended: AbortSignal
}

/** Streams until `signal` is given or the source's policy wants the stream to end; rejects with what broke it off. */
export async function streamFrom(attempt: StreamAttempt, signal: AbortSignal): Promise<void> {
  const { options, state } = attempt
  await state.leftBehind.record(attempt.destination, options.reporter)
  const noted = await readNoted(attempt)
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => undefined)
  const gathering = gatherInto(attempt, noted.modes, failure.reject)
  const { batcher, backpressure, interval } = gathering
  const stream = await openStream(attempt, gathering, noted.tables)
  state.batcher = batcher
  tellBegin(options, noted)
  const ticks = startTicks({ everyMs: waitsOf(options).advanceEveryMs, tick: () => batcher.advance() })
  const ending = new AbortController()
  const open = { ...gathering, stream, noted, ended: ending.signal }
  const watch = watchOver(attempt, open, signal)
  gathering.links.watch = watch
  const applying = applyTo(attempt, open, watch)
  const streaming = newStreaming({ ...open, source: options.source, destination: attempt.destination }, watch)
  state.live = { interval, watch, streaming, overdueMs: () => stream.overdueMs?.() ?? 0 }
  if (state.trouble !== undefined)
    hasSettled(streaming, open.ended).then((has) => has && progressed(attempt), failure.reject)
  try {
    const relieving = state.relief.streaming(() => !stream.isReplaying && isHindered(batcher, backpressure))
    await Promise.race([applying, stream.ended, watch.ended, failure.promise, aborted(signal), relieving])
  } catch (error) {
    // Closing what the failed attempt opened may take long; the problem is shown before, not after.
    if (!signal.aborted) options.reporter.problem(asProblem(error))
    throw error
  } finally {
    ticks.stop()
    interval.stop()
    ending.abort()
    state.live = undefined
    await stream.stop()
    batcher.close()
    state.relief.warehouseAway()
    // The present batch is finished, so that none of it is repeated. Its failure was seen above.
    await Promise.allSettled([applying, watch.ended])
  }
}

async function readNoted({ options, destination }: StreamAttempt): Promise<NotedTables> {
  const tables = await destination.inspection.tables()
  const texts = await destination.notes.textColumns()
  const versions = await destination.notes.versions()
  const modes = newVersionModes(versions.tables, () => optionsOf(options))
  return { tables, texts, modes, dropped: versions.dropped }
}

/** What takes changes from the stream; `failed` is told when writing to staging fails. */
function gatherInto(
  { options, destination, from }: StreamAttempt,
  modes: VersionModes,
  failed: (error: unknown) => void,
): Gathering {
  const links: StreamLinks = { stream: undefined, watch: undefined }
  const backpressure = newBackpressure({
    destination,
    hold: (held) => (held ? links.stream?.pause() : links.stream?.resume()),
    failed,
  })
  const interval = newBatchInterval({
    intervalMs: () => optionsOf(options).refreshIntervalSeconds * 1_000,
    wake: () => batcher.wake(),
  })
  const batcher = new Batcher(
    {
      ...backpressure,
      rests: () => interval.rests() && !backpressure.isFull(),
      compare: options.source.compare,
      refusal: (to) => links.watch?.refusal(to),
      altered: (to) => links.watch?.onAltered(to),
      dropped: (table) => links.watch?.onDropped(table),
      revised: () => links.watch?.onNewPart(),
      keepsVersions: (id) => modes.kept.has(id),
    },
    from,
  )
  return { batcher, backpressure, interval, links }
}

async function openStream(
  { options, state, from }: StreamAttempt,
  { batcher, links }: Gathering,
  tables: TableSchema[],
): Promise<ChangeStream> {
  const { source, handle, select, observe } = options
  const spool = await state.relief.spool()
  const spooling = spool && { spool, observe }
  const stream = await source.stream({ handle, from, select, tables, sink: batcher, spooling })
  links.stream = stream
  return stream
}

function tellBegin({ reporter }: PipelineOptions, { tables, modes, dropped }: NotedTables): void {
  reporter.phase("streaming")
  reporter.streaming(tables)
  reporter.selecting()
  reporter.versions?.(modes.kept, dropped)
}

function watchOver(
  { options, state, destination }: StreamAttempt,
  { batcher, stream, noted, ended }: OpenStream,
  signal: AbortSignal,
): TableWatch {
  const { handle, source, select, reporter, observe } = options
  const { tables, texts, modes } = noted
  return watchTables({
    ...{ handle, source, select, reporter, observe },
    ...{ stream, destination, batcher, tables, texts, modes },
    asked: state.asked,
    leftBehind: state.leftBehind,
    lookEveryMs: waitsOf(options).lookEveryMs,
    signal: AbortSignal.any([signal, ended]),
  })
}

function applyTo(
  attempt: StreamAttempt,
  { batcher, stream, interval }: OpenStream,
  watch: TableWatch,
): Promise<void> {
  const { reporter, observe } = attempt.options
  return applyBatches({
    destination: attempt.destination,
    batcher,
    stream,
    observe,
    onApplied(applied) {
      progressed(attempt)
      interval.applied(applied)
      reporter.applied(applied)
    },
    onStale: watch.onStale,
  })
}

/** What stood in the way of an earlier attempt is gone. */
function progressed({ options, state }: StreamAttempt): void {
  if (state.trouble === undefined) return
  state.trouble = undefined
  options.reporter.problem(undefined)
}
