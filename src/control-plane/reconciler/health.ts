import type { Integration, IntegrationStatus } from "../../domain/integration.ts"
import { Problem, type ProblemReport, problemKinds, reportOf, statusDuring } from "../../domain/problems.ts"
import type { RetentionActionState } from "../../replication/spool/retention-actions.ts"
import { type PipelineMonitor, tableLabel } from "../running-pipelines/pipeline-monitor.ts"
import { isOverBudget, type RetentionReport } from "../running-pipelines/retention-watch.ts"
import type { TableProgress } from "../running-pipelines/table-progress.ts"

export interface Health {
  status: IntegrationStatus
  errors: ProblemReport[]
  /** A changed filter has not been carried out yet. */
  isFilterPending: boolean
}

/** Errors listed at most: an integration of thousands of tables must stay readable. */
const maxErrors = 20

/**
 * What an integration's pipelines amount to. Nothing is reported as well that is not. `isEnding`: a pipeline that is no
 * longer wanted has not ended yet.
 */
export function healthOf(
  integration: Integration,
  monitors: readonly PipelineMonitor[],
  isEnding: boolean,
  others: readonly Problem[] = [],
): Health {
  const problems = [...monitors.flatMap(problemsOf), ...others]
  const isCreating = integration.status === "creating"
  const isSelected = monitors.every(({ phase, isSelected }) => phase === "streaming" && isSelected)
  const isFilterPending = integration.isFilterPending && (isEnding || !isSelected)
  const failed = monitors.flatMap((one) => failedTables(one, isFilterPending || isCreating))
  const errors = [...problems.map(reportOf), ...failed].slice(0, maxErrors)
  const during = problems.map((one) => statusDuring(one.kind))
  const current = isFilterPending ? "modifying" : integration.status
  const status = statusOf(current, isFilterPending, monitors, during, failed.length > 0)
  // A failed integration keeps the error until it streams again. Otherwise it would lose the cause and stay failed.
  const isRecovering = status === "failed" && !during.includes("failed")
  return { status, errors: isRecovering ? integration.errors : errors, isFilterPending }
}

function problemsOf({ problem, retention, relief, harm }: PipelineMonitor): Problem[] {
  // A source that is away is reported once, not by pipeline and protection.
  const harms = harm === undefined || harm.kind === problem?.kind ? [] : [harm]
  const own = problem === undefined ? harms : [problem, ...harms]
  if (relief?.kind === "released") return [...own, released()]
  const failure = relief?.kind === "failed" ? [relief.problem] : []
  if (relief?.kind === "spooling") return relief.isFull ? [...own, spoolFull(relief)] : own
  if (retention === undefined || !isOverBudget(retention)) return [...own, ...failure]
  return [...own, ...failure, overBudget(retention)]
}

function released(): Problem {
  return new Problem(
    "sourceReleased",
    "The source kept more than its budget, and by policy drop_and_resync its replication slot was dropped.",
  )
}

function spoolFull({ bytes, limitBytes }: Extract<RetentionActionState, { kind: "spooling" }>): Problem {
  return new Problem("spoolFull", `The spool holds ${bytes} of ${limitBytes} bytes and has no room for more.`)
}

function overBudget({ retainedBytes, budget }: RetentionReport): Problem {
  const kept = `${retainedBytes} bytes of its log for this pipeline`
  return new Problem(
    "retentionOverBudget",
    `The source keeps ${kept}; its budget is ${budget?.budgetBytes} (policy ${budget?.policy}).`,
  )
}

/** Tables that failed; while tables are waited for (`isAwaited`), also those that cannot be copied now. */
function failedTables(monitor: PipelineMonitor, isAwaited: boolean): ProblemReport[] {
  const isStuck = ({ state, reason }: TableProgress) => state === "ResyncInitiated" && reason !== null
  return [...monitor.tables.values()]
    .filter((table) => table.state === "Failed" || (isAwaited && isStuck(table)))
    .map((table) => ({
      code: problemKinds.tableFailed.code,
      message: `Table ${tableLabel(table)}: ${table.reason ?? "unknown reason"}`,
    }))
}

/** It is copied, or is going to be by itself. */
function isToCome({ state }: TableProgress): boolean {
  return state === "ResyncInitiated" || state === "ResyncRequired"
}

/** What needed attention is mended once a snapshot comes on. */
function whileBeginning(current: IntegrationStatus, monitors: readonly PipelineMonitor[]): IntegrationStatus {
  const isCopying = monitors.some(({ phase }) => phase === "copying")
  return current === "needs_attention" && isCopying ? "syncing" : current
}

function statusOf(
  current: IntegrationStatus,
  isFilterPending: boolean,
  monitors: readonly PipelineMonitor[],
  during: IntegrationStatus[],
  hasFailedTables: boolean,
): IntegrationStatus {
  if (during.includes("failed")) return "failed"
  if (during.includes("needs_attention")) return "needs_attention"
  if (during.includes("syncing")) return "syncing"
  if (isFilterPending) return hasFailedTables ? "needs_attention" : current
  if (!monitors.every((monitor) => monitor.phase === "streaming")) return whileBeginning(current, monitors)
  // Sources without snapshots copy their tables beside the stream, and so are tables that the first copy had to leave out.
  if (current === "creating" && monitors.some(({ tables }) => [...tables.values()].some(isToCome)))
    return current
  return hasFailedTables ? "needs_attention" : "active"
}
