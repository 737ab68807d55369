import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"
import type { PipelineMonitor } from "../../control-plane/pipelines/pipeline-monitor.ts"
import type { RunningPipeline } from "../../control-plane/pipelines/running-pipeline.ts"
import type { Applied } from "../../replication/batch/apply-loop.ts"

export interface Metrics {
  applied(monitor: PipelineMonitor, applied: Applied): void
  /** The Prometheus text form. */
  render(): Promise<string>
  contentType: string
}

// From an idle single-row batch to one that loads millions.
const batchSeconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Names follow the cloud's (IntegrationLag → integration_lag_seconds); the label is its dimension, IntegrationId. */
export function newMetrics(running: () => RunningPipeline[]): Metrics {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  collectDefaultMetrics({ register: registry, prefix: "millrace_" })
  const labelNames = ["integration_id", "source_database"] as const
  const labels = ({ record }: PipelineMonitor) => ({
    integration_id: record.integrationId,
    source_database: record.sourceDatabase,
  })
  const gauge = (name: string, help: string, value: (one: RunningPipeline) => number | undefined) =>
    new Gauge({
      name: `millrace_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const one of running()) {
          const current = value(one)
          if (current !== undefined) this.set(labels(one.monitor), current)
        }
      },
    })
  const inState = ({ monitor }: RunningPipeline, state: string) =>
    [...monitor.tables.values()].filter((table) => table.state === state).length

  gauge(
    "integration_lag_seconds",
    "IntegrationLag: age of the oldest commit that is not visible yet",
    ({ pipeline }) => {
      const lagMs = pipeline?.lagMs()
      return lagMs === undefined ? undefined : lagMs / 1000
    },
  )
  const seconds1970 = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000)
  gauge(
    "integration_latest_detected_change_seconds",
    "IntegrationLatestDetectedChange: when the newest change read was committed, in seconds since 1970",
    ({ pipeline }) => seconds1970(pipeline?.latestCommitMs()),
  )
  gauge(
    "integration_latest_applied_change_seconds",
    "IntegrationLatestAppliedChange: when the newest change applied was committed, in seconds since 1970",
    ({ monitor }) => seconds1970(monitor.latestCommitMs),
  )
  gauge("integration_tables_replicated", "IntegrationNumTablesReplicated: tables in state Synced", (one) =>
    inState(one, "Synced"),
  )
  gauge("integration_tables_failed", "IntegrationNumTablesFailedReplication: tables in state Failed", (one) =>
    inState(one, "Failed"),
  )
  gauge(
    "integration_duplicate_rows_detected",
    "IntegrationDuplicateRowsDetected: tables whose latest verification found rows more than once",
    ({ monitor }) =>
      [...monitor.tables.values()].filter(({ verified }) => (verified?.duplicates ?? 0) > 0).length,
  )
  gauge(
    "integration_auto_remediation_triggered",
    "IntegrationAutoRemediationTriggered: tables copied anew by AUTO_REMEDIATION since the start of this process",
    ({ monitor }) => monitor.totals.remediedTables,
  )
  gauge(
    "integration_copied_rows",
    "Rows copied by snapshots since the start of this process",
    ({ monitor }) => monitor.totals.copiedRows,
  )

  gauge(
    "source_retained_bytes",
    "History that the source keeps because it has not been read",
    ({ monitor }) => monitor.retention?.retainedBytes,
  )
  gauge(
    "source_safe_bytes",
    "How much more the source may write before it lets go of what has not been read",
    ({ monitor }) => monitor.retention?.safeBytes,
  )
  gauge(
    "source_seconds_to_loss",
    "Until then at the source's present rate, if nothing is read",
    ({ monitor }) => monitor.retention?.secondsToLoss,
  )
  gauge("spool_bytes", "Changes kept here because the warehouse cannot take them yet", ({ pipeline }) => {
    const relief = pipeline?.relief()
    return relief?.kind === "spooling" ? relief.bytes : 0
  })
  gauge(
    "integration_tables_differing",
    "Tables whose latest verification found rows that differ",
    ({ monitor }) =>
      [...monitor.tables.values()].filter(({ verified }) => (verified?.differences ?? 0) > 0).length,
  )

  const bytes = new Counter({
    name: "millrace_integration_transferred_bytes_total",
    help: "IntegrationDataTransferred: bytes of changes staged",
    labelNames,
    registers,
  })
  const rows = new Counter({
    name: "millrace_integration_changes_total",
    help: "Row changes applied",
    labelNames,
    registers,
  })
  const transactions = new Counter({
    name: "millrace_integration_transactions_total",
    help: "Source transactions applied",
    labelNames,
    registers,
  })
  const seconds = new Histogram({
    name: "millrace_batch_duration_seconds",
    help: "From handing a batch over to durable in the warehouse",
    labelNames,
    registers,
    buckets: batchSeconds,
  })

  return {
    applied(monitor, applied) {
      const by = labels(monitor)
      bytes.inc(by, applied.stagedBytes)
      rows.inc(by, applied.changes)
      transactions.inc(by, applied.transactions)
      seconds.observe(by, applied.tookMs / 1000)
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
