import {
  type MonitoredIntegration,
  type MonitoredPipeline,
  monitoredTableStates,
} from "../../control-plane/pipelines/monitored-integrations.ts"
import { integrationStatuses } from "../../domain/integration.ts"
import { type Sample, type SampledMetric, seconds } from "./gauges.ts"

const ofIntegration = ["integration_id", "integration"] as const
const ofPipeline = [...ofIntegration, "source_database"] as const

/** Of every integration, also while it is down or nobody runs it. */
export function integrationMetrics(all: () => readonly MonitoredIntegration[]): SampledMetric[] {
  return [...statesOf(all), ...pipelineMetrics(all)]
}

function labelsOf({ integration: { id, name } }: MonitoredIntegration) {
  return { integration_id: id, integration: name }
}

function statesOf(all: () => readonly MonitoredIntegration[]): SampledMetric[] {
  const each = (samples: (one: MonitoredIntegration) => Sample[]) => () => all().flatMap(samples)
  return [
    {
      name: "integration_status",
      help: "1 for the status that the integration is shown with, 0 for every other one",
      kind: "gauge",
      labelNames: [...ofIntegration, "status"],
      samples: each((one) =>
        integrationStatuses.map((status) => ({
          labels: { ...labelsOf(one), status },
          value: one.integration.status === status ? 1 : 0,
        })),
      ),
    },
    {
      name: "integration_error",
      help: "1 for each code among the integration's errors",
      kind: "gauge",
      labelNames: [...ofIntegration, "code"],
      samples: each((one) => {
        const codes = new Set(one.integration.errors.map(({ code }) => code))
        return [...codes].map((code) => ({ labels: { ...labelsOf(one), code }, value: 1 }))
      }),
    },
    {
      name: "integration_info",
      help: "1, with the ARNs of the integration's source and target",
      kind: "gauge",
      labelNames: [...ofIntegration, "source_arn", "target_arn"],
      samples: each((one) => {
        const { sourceArn, targetArn } = one.integration
        return [{ labels: { ...labelsOf(one), source_arn: sourceArn, target_arn: targetArn }, value: 1 }]
      }),
    },
  ]
}

function pipelineMetrics(all: () => readonly MonitoredIntegration[]): SampledMetric[] {
  const each = (samples: (one: MonitoredPipeline, labels: Sample["labels"]) => Sample[]) => () =>
    all().flatMap((one) =>
      one.pipelines.flatMap((pipeline) =>
        samples(pipeline, { ...labelsOf(one), source_database: pipeline.sourceDatabase }),
      ),
    )
  const gauge = (name: string, help: string, value: (one: MonitoredPipeline) => number | null) => ({
    ...{ name, help, kind: "gauge" as const, labelNames: ofPipeline },
    samples: each((one, labels) => [{ labels, value: value(one) }]),
  })
  return [
    gauge(
      "integration_applied_commit_age_seconds",
      "Since the newest applied commit, by the source's clock; before the first: since the tables were in step. Grows while the source is idle, and during an outage",
      ({ appliedAgoMs }) => seconds(appliedAgoMs),
    ),
    {
      name: "integration_tables",
      help: "Tables by state; unknown: nobody reports on their pipeline",
      kind: "gauge",
      labelNames: [...ofPipeline, "state"],
      samples: each(({ tables }, labels) =>
        monitoredTableStates.map((state) => ({
          labels: { ...labels, state },
          value: tables.get(state) ?? 0,
        })),
      ),
    },
    gauge(
      "source_retained_bytes",
      "History that the source keeps because it has not been read, by the latest look",
      ({ retention }) => retention?.retainedBytes ?? null,
    ),
    gauge(
      "source_safe_bytes",
      "How much more the source may write before it lets go of what has not been read, by the latest look",
      ({ retention }) => retention?.safeBytes ?? null,
    ),
    gauge(
      "source_seconds_to_loss",
      "Until then at the source's rate, if nothing is read; counts down from the latest look",
      ({ retention }) => retention?.secondsToLoss ?? null,
    ),
    gauge("source_retention_age_seconds", "How long ago that latest look was", ({ retention }) =>
      seconds(retention?.ageMs ?? null),
    ),
  ]
}
