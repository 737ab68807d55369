import type { KnownPipeline, ObservedPipeline } from "../../control-plane/pipelines/observed-pipelines.ts"
import { type Sample, type SampledMetric, seconds } from "./gauges.ts"

export const pipelineLabels = ["integration_id", "integration", "source_database"] as const

/** Pipelines with the names of their integrations. */
export type Named<T> = T & { integration: string }

export function labelsOf({ integrationId, integration, sourceDatabase }: Named<ObservedPipeline>) {
  return { integration_id: integrationId, integration, source_database: sourceDatabase }
}

type Define = (name: string, help: string, value: (one: KnownPipeline) => number | null) => SampledMetric

/** Of pipelines that somebody reports on: what the report says. Names follow the cloud's (IntegrationLag → integration_lag_seconds). */
export function pipelineMetrics(known: () => readonly Named<KnownPipeline>[]): SampledMetric[] {
  const define =
    (kind: SampledMetric["kind"]): Define =>
    (name, help, value) => ({
      ...{ name, help, kind, labelNames: pipelineLabels },
      samples: () => known().map((one): Sample => ({ labels: labelsOf(one), value: value(one) })),
    })
  const [gauge, counter] = [define("gauge"), define("counter")]
  return [...progress(gauge), ...tables(gauge), ...totals(counter)]
}

function progress(gauge: Define): SampledMetric[] {
  return [
    gauge(
      "integration_lag_seconds",
      "IntegrationLag: age of the oldest commit that is not visible yet; none while it does not stream",
      ({ facts }) => seconds(facts.lagMs),
    ),
    gauge(
      "integration_latest_detected_change_seconds",
      "IntegrationLatestDetectedChange: when the newest change read was committed, in seconds since 1970",
      ({ facts }) => seconds(facts.receivedAtMs),
    ),
    gauge(
      "integration_latest_applied_change_seconds",
      "IntegrationLatestAppliedChange: when the newest change applied was committed, in seconds since 1970",
      ({ facts }) => seconds(facts.appliedAtMs),
    ),
    gauge(
      "integration_auto_remediation_triggered",
      "IntegrationAutoRemediationTriggered: tables resynced by AUTO_REMEDIATION since the pipeline was launched",
      ({ facts }) => facts.totals.remediedTables,
    ),
    gauge(
      "integration_copied_rows",
      "Rows copied by snapshots since the pipeline was launched",
      ({ facts }) => facts.totals.copiedRows,
    ),
    gauge(
      "spool_bytes",
      "Changes kept here because the warehouse cannot take them yet",
      ({ facts }) => facts.relief?.bytes ?? 0,
    ),
  ]
}

function tables(gauge: Define): SampledMetric[] {
  const inState = ({ tables }: KnownPipeline, state: string) =>
    tables.filter((table) => table.state === state).length
  return [
    gauge("integration_tables_replicated", "IntegrationNumTablesReplicated: tables in state Synced", (one) =>
      inState(one, "Synced"),
    ),
    gauge(
      "integration_tables_failed",
      "IntegrationNumTablesFailedReplication: tables in state Failed",
      (one) => inState(one, "Failed"),
    ),
    gauge(
      "integration_duplicate_rows_detected",
      "IntegrationDuplicateRowsDetected: tables whose latest verification found rows more than once",
      ({ tables }) => tables.filter(({ verified }) => (verified?.duplicates ?? 0) > 0).length,
    ),
    gauge(
      "integration_tables_differing",
      "Tables whose latest verification found rows that differ",
      ({ tables }) => tables.filter(({ verified }) => (verified?.differences ?? 0) > 0).length,
    ),
  ]
}

function totals(counter: Define): SampledMetric[] {
  return [
    counter(
      "integration_transferred_bytes_total",
      "IntegrationDataTransferred: bytes of changes staged",
      ({ facts }) => facts.totals.stagedBytes,
    ),
    counter("integration_changes_total", "Row changes applied", ({ facts }) => facts.totals.changes),
    counter(
      "integration_transactions_total",
      "Source transactions applied",
      ({ facts }) => facts.totals.transactions,
    ),
  ]
}
