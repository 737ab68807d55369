import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client"
import type { KnownPipeline, ObservedPipeline } from "../../control-plane/pipelines/observed-pipelines.ts"
import type { BatchDurations } from "../../state/pipelines/observed-facts.ts"
import { batchDurationBounds } from "../../state/pipelines/observed-facts.ts"
import type { ProcessState } from "../../supervisor/messages.ts"

export interface Metrics {
  /** The Prometheus text form. */
  render(): Promise<string>
  contentType: string
}

const labelNames = ["integration_id", "source_database"] as const

function labelsOf({ integrationId, sourceDatabase }: ObservedPipeline) {
  return { integration_id: integrationId, source_database: sourceDatabase }
}

/**
 * Names follow the cloud's (IntegrationLag → integration_lag_seconds); the label is its dimension, IntegrationId. Every
 * process tells of all pipelines. A pipeline that nobody has reported on for too long has no samples but the age of what is
 * known; `observed` may fail: then no pipeline has any. `engine`: how the engine is where it is another process under the same
 * supervisor; `undefined` has no samples.
 */
export function newMetrics(
  observed: () => Promise<ObservedPipeline[]>,
  engine: () => ProcessState | undefined = () => undefined,
): Metrics {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  collectDefaultMetrics({ register: registry, prefix: "millrace_" })
  let pipelines: ObservedPipeline[] = []
  let isStateKnown = false
  const known = () => pipelines.filter((one): one is KnownPipeline => one.kind === "known")

  const gauge: Define = (name, help, value) => {
    new Gauge({
      name: `millrace_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const one of known()) {
          const current = value(one)
          if (current !== null) this.set(labelsOf(one), current)
        }
      },
    })
  }
  const counter: Define = (name, help, value) => {
    new Counter({
      name: `millrace_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const one of known()) this.inc(labelsOf(one), value(one) ?? 0)
      },
    })
  }
  defineProgress(gauge)
  defineTables(gauge)
  defineSource(gauge)
  defineTotals(counter)
  new Gauge({
    name: "millrace_integration_observation_age_seconds",
    help: "How long ago the process that runs the pipeline reported; beyond 3 s the pipeline's state is unknown",
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const one of pipelines) this.set(labelsOf(one), ageSeconds(one))
    },
  })
  new Gauge({
    name: "millrace_state_database_up",
    help: "1: the state database answers this process; 0: nothing is known of pipelines",
    registers,
    collect() {
      this.set(isStateKnown ? 1 : 0)
    },
  })
  defineEngine(registers, engine)

  return {
    async render() {
      try {
        pipelines = await observed()
        isStateKnown = true
      } catch {
        // What the process itself measures is told also while the state database is away, which the gauge says.
        pipelines = []
        isStateKnown = false
      }
      return `${await registry.metrics()}\n${batchHistogram(known())}`
    },
    contentType: registry.contentType,
  }
}

function defineEngine(registers: Registry[], engine: () => ProcessState | undefined): void {
  new Gauge({
    name: "millrace_engine_up",
    help: "1: the process with the SQL port and the pipelines serves; 0: another one is being started in its place",
    registers,
    collect() {
      const state = engine()
      this.reset()
      if (state === undefined) this.remove()
      else this.set(state.isReady ? 1 : 0)
    },
  })
  new Counter({
    name: "millrace_engine_replacements_total",
    help: "How often that process ended and another one was started, since the supervisor's start",
    registers,
    collect() {
      const state = engine()
      this.reset()
      if (state === undefined) this.remove()
      else this.inc(state.replacements)
    },
  })
}

type Define = (name: string, help: string, value: (one: KnownPipeline) => number | null) => void

function defineProgress(gauge: Define): void {
  gauge(
    "integration_lag_seconds",
    "IntegrationLag: age of the oldest commit that is not visible yet",
    ({ facts }) => seconds(facts.lagMs),
  )
  gauge(
    "integration_latest_detected_change_seconds",
    "IntegrationLatestDetectedChange: when the newest change read was committed, in seconds since 1970",
    ({ facts }) => seconds(facts.receivedAtMs),
  )
  gauge(
    "integration_latest_applied_change_seconds",
    "IntegrationLatestAppliedChange: when the newest change applied was committed, in seconds since 1970",
    ({ facts }) => seconds(facts.appliedAtMs),
  )
  gauge(
    "integration_auto_remediation_triggered",
    "IntegrationAutoRemediationTriggered: tables resynced by AUTO_REMEDIATION since the pipeline was launched",
    ({ facts }) => facts.totals.remediedTables,
  )
  gauge(
    "integration_copied_rows",
    "Rows copied by snapshots since the pipeline was launched",
    ({ facts }) => facts.totals.copiedRows,
  )
}

function defineTables(gauge: Define): void {
  const inState = ({ tables }: KnownPipeline, state: string) =>
    tables.filter((table) => table.state === state).length
  gauge("integration_tables_replicated", "IntegrationNumTablesReplicated: tables in state Synced", (one) =>
    inState(one, "Synced"),
  )
  gauge("integration_tables_failed", "IntegrationNumTablesFailedReplication: tables in state Failed", (one) =>
    inState(one, "Failed"),
  )
  gauge(
    "integration_duplicate_rows_detected",
    "IntegrationDuplicateRowsDetected: tables whose latest verification found rows more than once",
    ({ tables }) => tables.filter(({ verified }) => (verified?.duplicates ?? 0) > 0).length,
  )
  gauge(
    "integration_tables_differing",
    "Tables whose latest verification found rows that differ",
    ({ tables }) => tables.filter(({ verified }) => (verified?.differences ?? 0) > 0).length,
  )
}

function defineSource(gauge: Define): void {
  gauge(
    "source_retained_bytes",
    "History that the source keeps because it has not been read",
    ({ facts }) => facts.retention?.retainedBytes ?? null,
  )
  gauge(
    "source_safe_bytes",
    "How much more the source may write before it lets go of what has not been read",
    ({ facts }) => facts.retention?.safeBytes ?? null,
  )
  gauge(
    "source_seconds_to_loss",
    "Until then at the source's present rate, if nothing is read",
    ({ facts }) => facts.retention?.secondsToLoss ?? null,
  )
  gauge(
    "spool_bytes",
    "Changes kept here because the warehouse cannot take them yet",
    ({ facts }) => facts.relief?.bytes ?? 0,
  )
}

function defineTotals(counter: Define): void {
  counter(
    "integration_transferred_bytes_total",
    "IntegrationDataTransferred: bytes of changes staged",
    ({ facts }) => facts.totals.stagedBytes,
  )
  counter("integration_changes_total", "Row changes applied", ({ facts }) => facts.totals.changes)
  counter(
    "integration_transactions_total",
    "Source transactions applied",
    ({ facts }) => facts.totals.transactions,
  )
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000
}

function ageSeconds(one: ObservedPipeline): number {
  switch (one.kind) {
    case "known":
      return one.ageMs / 1_000
    case "launched":
      return 0
    case "unknown":
      return one.silentMs / 1_000
  }
}

const histogram = "millrace_batch_duration_seconds"

/** The library counts what a process observes itself; these were counted by the pipeline's owner. */
function batchHistogram(pipelines: readonly KnownPipeline[]): string {
  const help = "From handing a batch over to durable in the warehouse"
  const lines = pipelines.flatMap((one) => histogramLines(one, one.facts.batchDurations))
  return [`# HELP ${histogram} ${help}`, `# TYPE ${histogram} histogram`, ...lines, ""].join("\n")
}

function histogramLines(one: KnownPipeline, { counts, sumSeconds }: BatchDurations): string[] {
  const labels = Object.entries(labelsOf(one)).map(([name, value]) => `${name}="${escaped(value)}"`)
  let sum = 0
  const buckets = [...batchDurationBounds, "+Inf"].map((bound, index) => {
    sum += counts[index] ?? 0
    return `${histogram}_bucket{${[`le="${bound}"`, ...labels].join(",")}} ${sum}`
  })
  const by = labels.join(",")
  return [...buckets, `${histogram}_sum{${by}} ${sumSeconds}`, `${histogram}_count{${by}} ${sum}`]
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')
}
