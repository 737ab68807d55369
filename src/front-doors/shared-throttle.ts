import { atMost } from "../concurrency/deadline.ts"
import type { RequestLimits } from "../domain/configuration.ts"
import type { RequestBuckets } from "../state/processes/request-buckets.ts"
import { newThrottle, type Throttle } from "./throttle.ts"

export interface SharedThrottleOptions {
  limits: RequestLimits
  buckets: RequestBuckets
  /** The state database did not answer; until it does, calls are counted in this process alone. Told once each time. */
  onAlone(error: unknown): void
}

/** Tokens taken at once last this long; what is not used by then is lost. */
const chunkLastsMs = 1_000
/** What the state database has not answered by then is not waited for. */
const answerLimitMs = 1_000
const aloneMs = 5_000

/** What this process has of one key's tokens. Times by the monotonic clock. */
interface Share {
  tokens: number
  untilMs: number
  /** The bucket is empty until then. */
  emptyUntilMs: number
  waiting: number
  asking: Promise<void> | undefined
}

/**
 * Counts the calls of a key over all processes. Tokens are taken from the shared bucket in chunks, so that most calls ask nobody: the
 * calls of any stretch of time are at most the limits' and a chunk of each process.
 */
export function newSharedThrottle({ limits, buckets, onAlone }: SharedThrottleOptions): Throttle {
  const { perSecond, burst } = limits
  const chunk = Math.max(1, Math.floor(Math.min(perSecond / 10, burst / 4)))
  const shares = new Map<string, Share>()
  const alone = newThrottle(limits)
  let aloneUntilMs = 0

  async function ask(accessKeyId: string, share: Share): Promise<void> {
    const wanted = Math.min(burst, Math.max(chunk, share.waiting))
    const askedMs = performance.now()
    try {
      const { granted, left } = await inTime(buckets.take(accessKeyId, wanted, limits))
      share.tokens += granted
      share.untilMs = performance.now() + chunkLastsMs
      if (granted === 0) share.emptyUntilMs = askedMs + ((1 - left) * 1_000) / perSecond
    } catch (error) {
      if (performance.now() >= aloneUntilMs) onAlone(error)
      aloneUntilMs = performance.now() + aloneMs
    }
  }

  /** A token of this process's, if it has one. */
  function takeHere(share: Share, atMs: number): boolean {
    if (atMs >= share.untilMs) share.tokens = 0
    if (share.tokens < 1) return false
    share.tokens--
    return true
  }

  async function take(accessKeyId: string, nowMs: number): Promise<{ waitMs: number } | undefined> {
    const share = shares.get(accessKeyId) ?? newShare()
    shares.set(accessKeyId, share)
    share.waiting++
    try {
      for (;;) {
        const atMs = performance.now()
        if (takeHere(share, atMs)) return undefined
        if (atMs < share.emptyUntilMs) return { waitMs: share.emptyUntilMs - atMs }
        if (atMs < aloneUntilMs) return await alone.take(accessKeyId, nowMs)
        share.asking ??= ask(accessKeyId, share).finally(() => {
          share.asking = undefined
        })
        await share.asking
      }
    } finally {
      share.waiting--
    }
  }

  return { take }
}

/** @throws Error when it takes too long; its tokens are then lost */
async function inTime<T>(work: Promise<T>): Promise<T> {
  return await atMost(answerLimitMs, work, () => {
    throw new Error(`no answer within ${answerLimitMs} ms`)
  })
}

function newShare(): Share {
  return { tokens: 0, untilMs: 0, emptyUntilMs: 0, waiting: 0, asking: undefined }
}
