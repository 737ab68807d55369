import type { Integration, IntegrationStatus } from "../domain/integration.ts"
import { Problem, type ProblemReport, problemKinds, reportOf, statusDuring } from "../domain/problems.ts"
import type { ReliefState } from "../replication/relief.ts"
import { type PipelineMonitor, tableLabel } from "./pipeline-monitor.ts"
import { isOverBudget, type RetentionReport } from "./retention-watch.ts"

export interface Health {
  status: IntegrationStatus
  errors: ProblemReport[]
}

/** Errors listed at most: an integration of thousands of tables must stay readable. */
const maxErrors = 20

/** What an integration's pipelines amount to. Nothing is reported as well that is not. */
export function healthOf(integration: Integration, monitors: readonly PipelineMonitor[]): Health {
  const problems = monitors.flatMap(problemsOf)
  const failed = monitors.flatMap(failedTables)
  const errors = [...problems.map(reportOf), ...failed].slice(0, maxErrors)
  return {
    status: statusOf(
      integration.status,
      monitors,
      problems.map((one) => statusDuring(one.kind)),
      failed.length > 0,
    ),
    errors,
  }
}

function problemsOf({ problem, retention, relief }: PipelineMonitor): Problem[] {
  const own = problem === undefined ? [] : [problem]
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

function spoolFull({ bytes, limitBytes }: Extract<ReliefState, { kind: "spooling" }>): Problem {
  return new Problem("spoolFull", `The spool holds ${bytes} of ${limitBytes} bytes and has no room for more.`)
}

function overBudget({ retainedBytes, budget }: RetentionReport): Problem {
  const kept = `${retainedBytes} bytes of its log for this pipeline`
  return new Problem(
    "retentionOverBudget",
    `The source keeps ${kept}; its budget is ${budget?.budgetBytes} (policy ${budget?.policy}).`,
  )
}

function failedTables(monitor: PipelineMonitor): ProblemReport[] {
  return [...monitor.tables.values()]
    .filter((table) => table.state === "Failed")
    .map((table) => ({
      code: problemKinds.tableFailed.code,
      message: `Table ${tableLabel(table)}: ${table.reason ?? "unknown reason"}`,
    }))
}

function isCopying({ tables }: PipelineMonitor): boolean {
  return [...tables.values()].some(({ state, reason }) => state === "ResyncInitiated" && reason === null)
}

function statusOf(
  current: IntegrationStatus,
  monitors: readonly PipelineMonitor[],
  during: IntegrationStatus[],
  hasFailedTables: boolean,
): IntegrationStatus {
  if (during.includes("needs_attention")) return "needs_attention"
  if (during.includes("syncing")) return "syncing"
  if (!monitors.every((monitor) => monitor.phase === "streaming")) return current
  // Sources without snapshots copy their tables beside the stream: before that nothing can be queried.
  if (current === "creating" && monitors.some(isCopying)) return current
  return hasFailedTables ? "needs_attention" : "active"
}
