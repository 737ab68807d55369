import { type BatchDurations, batchDurationBounds } from "../../state/pipelines/observed-facts.ts"

const name = "millrace_batch_duration_seconds"

export interface CountedBatches {
  labels: Readonly<Record<string, string>>
  durations: BatchDurations
}

/** In the Prometheus text form. The library counts what a process observes itself; these were counted by the pipeline's owner. */
export function batchHistogram(pipelines: readonly CountedBatches[]): string {
  const help = "From handing a batch over to durable in the warehouse"
  return [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...pipelines.flatMap(linesOf), ""].join("\n")
}

function linesOf({ labels, durations: { counts, sumSeconds } }: CountedBatches): string[] {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`)
  let sum = 0
  const buckets = [...batchDurationBounds, "+Inf"].map((bound, index) => {
    sum += counts[index] ?? 0
    return `${name}_bucket{${[`le="${bound}"`, ...pairs].join(",")}} ${sum}`
  })
  const by = pairs.join(",")
  return [...buckets, `${name}_sum{${by}} ${sumSeconds}`, `${name}_count{${by}} ${sum}`]
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')
}
