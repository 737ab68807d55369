import { startTicks } from "../../concurrency/ticks.ts"
import type { RetentionBudget } from "../../domain/configuration.ts"
import type { Retention } from "../../replication/contracts/source.ts"
import type { ReconcilerLog } from "../log.ts"
import type { PipelineMonitor } from "./pipeline-monitor.ts"
import type { RunningPipeline } from "./running-pipeline.ts"

/** What a source keeps for a pipeline that has not read it yet, and how long that can go on. */
export interface RetentionReport extends Retention {
  /** What the source writes, over the last minutes; `undefined` before the second look. */
  bytesPerSecond: number | undefined
  /** Until the source lets go of what we still need, if nothing is read and it writes on like this; `undefined`: no limit, or not known. */
  secondsToLoss: number | undefined
  /** What the source may keep for the pipeline, and what is done beyond; `undefined`: nothing is declared. */
  budget: RetentionBudget | undefined
  at: Date
}

export interface RetentionWatchOptions {
  running(): RunningPipeline[]
  /** Asks one source, by ARN, over one of its databases, for several pipelines. Throws Problem. */
  read(sourceArn: string, database: string, handles: readonly string[]): Promise<Map<string, Retention>>
  budgetOf(sourceArn: string): RetentionBudget | undefined
  log: ReconcilerLog
  /** Default 10 s. */
  everyMs?: number
}

const usualEveryMs = 10_000
/** The rate is taken over so many looks: ten minutes at the usual pace. */
const maxSamples = 60
/** An hour is what a person needs to do something about it. */
const alarmSeconds = 3_600
/** What is older says nothing about now. */
const staleAfterMs = 60_000

interface Sample {
  /** On the process's own clock, which nobody sets. */
  atMs: number
  writtenBytes: number
}

/** Looks now and then at what the sources keep for us, one connection per source, and notes it with the pipelines. */
export function watchRetention(options: RetentionWatchOptions): { stop(): void } {
  const samples = new Map<string, Sample[]>()
  const asking = new Set<string>()
  const knownAtMs = new WeakMap<PipelineMonitor, number>()

  async function look(sourceArn: string, pipelines: RunningPipeline[]): Promise<void> {
    const monitors = pipelines.map(({ monitor }) => monitor)
    // The database of one that does not stream may not even exist.
    const first = monitors.find(({ phase }) => phase === "streaming") ?? monitors[0]
    if (first === undefined) return
    const handles = monitors.map(({ record }) => record.sourceHandle)
    const found = await options.read(sourceArn, first.record.sourceDatabase, handles)
    const taken = samples.get(sourceArn) ?? []
    samples.set(sourceArn, taken)
    const [any] = found.values()
    if (any !== undefined) taken.push({ atMs: performance.now(), writtenBytes: any.writtenBytes })
    if (taken.length > maxSamples) taken.shift()
    const bytesPerSecond = rateOf(taken)
    const budget = options.budgetOf(sourceArn)
    for (const { monitor, pipeline } of pipelines) {
      const retention = found.get(monitor.record.sourceHandle)
      const report = retention && reportOf(retention, bytesPerSecond, budget)
      alarm(options.log, monitor, report)
      tellOverBudget(options.log, monitor, report)
      monitor.retained(report)
      knownAtMs.set(monitor, performance.now())
      // What is kept for transactions that are still open, no reading would free.
      if (budget !== undefined && (report?.unreadBytes ?? 0) > budget.budgetBytes) pipeline?.relieve()
      monitor.relieved(pipeline?.relief())
    }
  }

  function forgetOld(monitor: PipelineMonitor): void {
    const atMs = knownAtMs.get(monitor) ?? Number.NEGATIVE_INFINITY
    if (monitor.retention !== undefined && performance.now() - atMs > staleAfterMs)
      monitor.retained(undefined)
  }

  const tick = () => {
    const bySource = Map.groupBy(options.running(), (one) => one.sourceArn)
    for (const sourceArn of samples.keys()) if (!bySource.has(sourceArn)) samples.delete(sourceArn)
    for (const [sourceArn, pipelines] of bySource) {
      for (const { monitor } of pipelines) forgetOld(monitor)
      // One that does not answer is asked again when it has.
      if (asking.has(sourceArn)) continue
      asking.add(sourceArn)
      look(sourceArn, pipelines)
        // Its pipelines say what is wrong with the source; here it only means that nothing is known.
        .catch((error: unknown) =>
          options.log.info({ sourceArn, reason: String(error) }, "retention is not known"),
        )
        .finally(() => asking.delete(sourceArn))
    }
  }
  return startTicks({ everyMs: options.everyMs ?? usualEveryMs, tick })
}

function rateOf(samples: readonly Sample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined || last.atMs === first.atMs) return undefined
  // A source restored to an earlier time has written less than before.
  return Math.max(0, ((last.writtenBytes - first.writtenBytes) * 1000) / (last.atMs - first.atMs))
}

function reportOf(
  retention: Retention,
  bytesPerSecond: number | undefined,
  budget: RetentionBudget | undefined,
): RetentionReport {
  const { safeBytes } = retention
  const isKnown = safeBytes !== undefined && bytesPerSecond !== undefined && bytesPerSecond > 0
  return {
    ...retention,
    bytesPerSecond,
    secondsToLoss: isKnown ? safeBytes / bytesPerSecond : undefined,
    budget,
    at: new Date(),
  }
}

/** Once, when it becomes dangerous. */
function alarm(
  log: ReconcilerLog,
  { record, retention }: PipelineMonitor,
  now: RetentionReport | undefined,
): void {
  if (now === undefined || !isAlarming(now) || (retention !== undefined && isAlarming(retention))) return
  const { status, retainedBytes, safeBytes, secondsToLoss } = now
  log.warn(
    { integration: record.integrationId, status, retainedBytes, safeBytes, secondsToLoss },
    "the source is about to let go of changes that have not been read, which would cost a full copy",
  )
}

function isAlarming({ status, secondsToLoss }: RetentionReport): boolean {
  return status === "unreserved" || status === "lost" || (secondsToLoss ?? alarmSeconds) < alarmSeconds
}

export function isOverBudget({ retainedBytes, budget }: RetentionReport): boolean {
  return budget !== undefined && retainedBytes > budget.budgetBytes
}

/** Once, when it begins. */
function tellOverBudget(
  log: ReconcilerLog,
  { record, retention }: PipelineMonitor,
  now: RetentionReport | undefined,
): void {
  if (now === undefined || !isOverBudget(now) || (retention !== undefined && isOverBudget(retention))) return
  const { retainedBytes, unreadBytes, budget } = now
  log.warn(
    { integration: record.integrationId, retainedBytes, unreadBytes, ...budget },
    "the source keeps more for this pipeline than its budget",
  )
}
