/** The latest lags measured, oldest overwritten: enough for a steady p99, and bounded. */
export interface LagSamples {
  add(lagMs: number, weight: number): void
  /** In ms; `undefined` before the first sample. */
  percentile(share: number): number | undefined
}

const capacity = 4096

export function newLagSamples(): LagSamples {
  const samples = new Float64Array(capacity)
  let count = 0
  let at = 0
  return {
    /** A batch of several transactions counts once for each, up to a limit. */
    add(lagMs, weight) {
      for (let i = 0; i < Math.min(weight, 64); i++) {
        samples[at] = lagMs
        at = (at + 1) % capacity
        count = Math.min(count + 1, capacity)
      }
    },
    percentile(share) {
      if (count === 0) return undefined
      const sorted = samples.slice(0, count).sort()
      return sorted[Math.min(count - 1, Math.floor(count * share))]
    },
  }
}
