import { Counter, Gauge, type Registry } from "prom-client"

export interface Sample {
  labels: Readonly<Record<string, string>>
  /** null: there is none. */
  value: number | null
}

export interface SampledMetric {
  /** Without the prefix `millrace_`. */
  name: string
  help: string
  kind: "gauge" | "counter"
  labelNames: readonly string[]
  samples(): readonly Sample[]
}

/** Adds a metric whose samples are made anew for each scrape: none of what is gone stays. */
export function addMetric(
  registry: Registry,
  { name, help, kind, labelNames, samples }: SampledMetric,
): void {
  const options = { name: `millrace_${name}`, help, labelNames: [...labelNames], registers: [registry] }
  // A metric without labels begins with a sample of 0.
  const isPlain = labelNames.length === 0
  if (kind === "gauge")
    new Gauge({
      ...options,
      collect() {
        this.reset()
        if (isPlain) this.remove()
        for (const { labels, value } of samples()) if (value !== null) this.set(labels, value)
      },
    })
  else
    new Counter({
      ...options,
      collect() {
        this.reset()
        if (isPlain) this.remove()
        for (const { labels, value } of samples()) if (value !== null) this.inc(labels, value)
      },
    })
}

export function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000
}
