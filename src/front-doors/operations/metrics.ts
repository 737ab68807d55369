import { collectDefaultMetrics, Registry } from "prom-client"
import type { Monitored } from "../../control-plane/pipelines/monitored-integrations.ts"
import type { KnownPipeline, ObservedPipeline } from "../../control-plane/pipelines/observed-pipelines.ts"
import type { ProcessState } from "../../supervisor/messages.ts"
import { batchHistogram } from "./batch-histogram.ts"
import { addMetric, type Sample, type SampledMetric } from "./gauges.ts"
import { integrationMetrics } from "./integration-metrics.ts"
import { labelsOf, type Named, pipelineLabels, pipelineMetrics } from "./pipeline-metrics.ts"

export interface Metrics {
  /** The Prometheus text form. */
  render(): Promise<string>
  contentType: string
}

/** Of so many pipelines at most there are samples: about 50 each. How many are left out is a metric of its own. */
const pipelinesAtMost = 1_000

/**
 * Every process tells of all integrations. What a pipeline's owner reports has no samples once that is too old; the status,
 * the age of the latest commit, tables and what the source keeps always have. `look` may fail: then only the process itself
 * is told of. `engine`: how the engine is where it is another process under the same supervisor; `undefined` has no samples.
 */
export function newMetrics(
  look: () => Promise<Monitored>,
  engine: () => ProcessState | undefined = () => undefined,
): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: "millrace_" })
  let seen = bounded({ integrations: [], observed: [] })
  let isStateKnown = false
  const named = () => withNames(seen)
  const known = () => named().filter((one): one is Named<KnownPipeline> => one.kind === "known")
  const metrics = [
    ...integrationMetrics(() => seen.integrations),
    ...pipelineMetrics(known),
    observationAge(named),
    plainGauge(
      "pipelines_left_out",
      "Pipelines without samples, because there are too many",
      () => seen.leftOut,
    ),
    plainGauge(
      "state_database_up",
      "1: the state database answers this process; 0: nothing is known of integrations",
      () => (isStateKnown ? 1 : 0),
    ),
    ...engineMetrics(engine),
  ]
  for (const one of metrics) addMetric(registry, one)
  return {
    async render() {
      try {
        seen = bounded(await look())
        isStateKnown = true
      } catch {
        // What the process itself measures is told also while the state database is away, which the gauge says.
        seen = bounded({ integrations: [], observed: [] })
        isStateKnown = false
      }
      const batches = known().map((one) => ({ labels: labelsOf(one), durations: one.facts.batchDurations }))
      return `${await registry.metrics()}\n${batchHistogram(batches)}`
    },
    contentType: registry.contentType,
  }
}

interface Bounded extends Monitored {
  leftOut: number
}

function bounded({ integrations, observed }: Monitored): Bounded {
  let room = pipelinesAtMost
  const kept = integrations.map(({ integration, pipelines }) => {
    const shown = pipelines.slice(0, room)
    room -= shown.length
    return { integration, pipelines: shown }
  })
  const all = integrations.reduce((sum, { pipelines }) => sum + pipelines.length, 0)
  return {
    integrations: kept,
    observed: observed.slice(0, pipelinesAtMost),
    leftOut: Math.max(0, all - pipelinesAtMost),
  }
}

function withNames({ integrations, observed }: Monitored): Named<ObservedPipeline>[] {
  const names = new Map(integrations.map(({ integration: { id, name } }) => [id, name]))
  return observed.map((one) => ({ ...one, integration: names.get(one.integrationId) ?? "" }))
}

function observationAge(pipelines: () => readonly Named<ObservedPipeline>[]): SampledMetric {
  return {
    name: "integration_observation_age_seconds",
    help: "How long ago the process that runs the pipeline reported; beyond 3 s the pipeline's state is unknown",
    kind: "gauge",
    labelNames: pipelineLabels,
    samples: () => pipelines().map((one): Sample => ({ labels: labelsOf(one), value: ageSeconds(one) })),
  }
}

/** One sample without labels; `null`: none. */
function plainGauge(name: string, help: string, value: () => number | null): SampledMetric {
  return { name, help, kind: "gauge", labelNames: [], samples: () => [{ labels: {}, value: value() }] }
}

function engineMetrics(engine: () => ProcessState | undefined): SampledMetric[] {
  return [
    plainGauge(
      "engine_up",
      "1: the process with the SQL port and the pipelines serves; 0: another one is being started in its place",
      () => {
        const state = engine()
        return state === undefined ? null : Number(state.isReady)
      },
    ),
    {
      name: "engine_replacements_total",
      help: "How often that process ended and another one was started, since the supervisor's start",
      kind: "counter",
      labelNames: [],
      samples: () => [{ labels: {}, value: engine()?.replacements ?? null }],
    },
  ]
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
