import { reportOf } from "../../domain/problems.ts"
import type { RetentionActionState } from "../../replication/spool/retention-actions.ts"
import type {
  ObservedTable,
  PipelineFacts,
  ReliefFacts,
  RetentionFacts,
} from "../../state/pipelines/observed-facts.ts"
import type { RetentionReport } from "./retention-watch.ts"
import { type RunningPipeline, visiblePosition } from "./running-pipeline.ts"
import type { TableProgress } from "./table-progress.ts"

/** The lags of the latest transactions, which cost a sort to know. */
export type LagFacts = Pick<PipelineFacts, "lagP50Ms" | "lagP99Ms">

/** What is to be told of a pipeline as it is now; `lags` are taken over. */
export function factsOf(one: RunningPipeline, lags: LagFacts): PipelineFacts {
  const { monitor, pipeline } = one
  const { phase, problem, totals, latestCommitMs, batchDurations, retention, latestRetention } = monitor
  return {
    phase,
    problem: problem === undefined ? null : reportOf(problem),
    isStreaming: pipeline?.streaming() !== undefined,
    lagMs: pipeline?.lagMs() ?? null,
    ...lags,
    position: visiblePosition(one) ?? null,
    receivedAtMs: pipeline?.latestCommitMs() ?? null,
    appliedAtMs: latestCommitMs ?? null,
    totals,
    batchDurations,
    retention: retentionFacts(retention),
    latestRetention: retentionFacts(latestRetention),
    relief: reliefFacts(pipeline?.relief()),
  }
}

export function lagFactsOf({ monitor: { lags } }: RunningPipeline): LagFacts {
  return { lagP50Ms: lags.percentile(0.5) ?? null, lagP99Ms: lags.percentile(0.99) ?? null }
}

export function tableFactsOf(progress: TableProgress): ObservedTable {
  const { id, schema, name, state, reason, keyColumns, copiedRows, estimatedRows, changes } = progress
  return {
    id,
    schema,
    name,
    state,
    reason,
    keyColumns,
    copiedRows,
    estimatedRows,
    changes,
    lagMs: progress.lastLagMs,
    verified: progress.verified && { ...progress.verified, at: progress.verified.at.toISOString() },
    keepsVersions: progress.keepsVersions,
    updatedAt: progress.updatedAt.toISOString(),
  }
}

function retentionFacts(retention: RetentionReport | undefined): RetentionFacts | null {
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

function reliefFacts(relief: RetentionActionState | undefined): ReliefFacts | null {
  if (relief === undefined) return null
  if (relief.kind === "spooling") return { ...relief }
  return { kind: relief.kind, bytes: null, limitBytes: null, isFull: false }
}
