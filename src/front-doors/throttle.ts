import type { RequestLimits } from "../domain/configuration.ts"

export interface Throttle {
  /** Takes one request of the key's; or says after how many milliseconds there will be one. */
  take(accessKeyId: string, nowMs: number): Late | undefined | Promise<Late | undefined>
}

/** As Throttle, by this process alone. */
export interface LocalThrottle {
  take(accessKeyId: string, nowMs: number): Late | undefined
}

interface Late {
  waitMs: number
}

/** A bucket of tokens for each key. Only keys whose signature holds get here, so there are no more buckets than keys. */
export function newThrottle({ perSecond, burst }: RequestLimits): LocalThrottle {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return {
    take(accessKeyId, nowMs) {
      const bucket = buckets.get(accessKeyId) ?? { tokens: burst, atMs: nowMs }
      // A clock that was set back must not take tokens away.
      const passedMs = Math.max(0, nowMs - bucket.atMs)
      const tokens = Math.min(burst, bucket.tokens + (passedMs * perSecond) / 1_000)
      const taken = tokens >= 1
      buckets.set(accessKeyId, { tokens: taken ? tokens - 1 : tokens, atMs: nowMs })
      return taken ? undefined : { waitMs: ((1 - tokens) * 1_000) / perSecond }
    },
  }
}
