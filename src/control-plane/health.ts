import type { Integration, IntegrationStatus } from "../domain/integration.ts"
import { type ProblemReport, problemKinds, reportOf, statusDuring } from "../domain/problems.ts"
import { type PipelineMonitor, tableLabel } from "./pipeline-monitor.ts"

export interface Health {
  status: IntegrationStatus
  errors: ProblemReport[]
}

/** Errors listed at most: an integration of thousands of tables must stay readable. */
const maxErrors = 20

/** What an integration's pipelines amount to. Nothing is reported as well that is not. */
export function healthOf(integration: Integration, monitors: readonly PipelineMonitor[]): Health {
  const problems = monitors.flatMap((monitor) => (monitor.problem === undefined ? [] : [monitor.problem]))
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

function failedTables(monitor: PipelineMonitor): ProblemReport[] {
  return [...monitor.tables.values()]
    .filter((table) => table.state === "Failed")
    .map((table) => ({
      code: problemKinds.tableFailed.code,
      message: `Table ${tableLabel(table)}: ${table.reason ?? "unknown reason"}`,
    }))
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
  return hasFailedTables ? "needs_attention" : "active"
}
