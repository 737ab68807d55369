import { pause } from "../../concurrency/deadline.ts"
import type { WebhookConfiguration } from "../../domain/configuration.ts"
import type { EventStore, RecordedEvent } from "../../state/events.ts"
import type { Held } from "../duties/duty.ts"
import type { ReconcilerLog } from "../log.ts"
import { type EventPlace, envelopeOf } from "./events.ts"
import { postSigned } from "./signed-post.ts"

export interface WebhookOptions {
  webhook: WebhookConfiguration
  store: EventStore
  place: EventPlace
  log: ReconcilerLog
  /** Nothing is posted while the duty is another process's. */
  held: Held
  /** Tests do not wait as long as people would. */
  firstRetryMs?: number
}

const receiver = "webhook"
const atOnce = 50
const lookEveryMs = 500
const usualFirstRetryMs = 1_000
const lastRetryMs = 300_000
/** Whoever refuses an event so often does not want it. */
const maxRefusals = 5
/** As in the cloud. */
const longestMs = 24 * 3_600_000

/**
 * Posts each event, one after another, until its receiver has taken it. How far it has come is kept with the events, so
 * that the next start, or another process, goes on there: an event may come twice (by its id), but none is left out unless it
 * is given up, which the log says.
 */
export function startWebhook(options: WebhookOptions): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = run(options, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function run(options: WebhookOptions, signal: AbortSignal): Promise<void> {
  const { store, log } = options
  while (!signal.aborted) {
    try {
      for (const event of await store.after(await store.told(receiver), atOnce)) {
        if (!(await deliver(options, event, signal))) break
        await store.setTold(receiver, event.id)
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, "events cannot be read now; trying again")
    }
    await wait(lookEveryMs, signal)
  }
}

/** False when it was stopped before, or when the duty went. */
async function deliver(options: WebhookOptions, event: RecordedEvent, signal: AbortSignal): Promise<boolean> {
  const { firstRetryMs = usualFirstRetryMs, log } = options
  let refusals = 0
  for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, lastRetryMs)) {
    if (!options.held.isHeld()) return false
    const body = JSON.stringify(envelopeOf(event, options.place))
    const outcome = await postSigned(options.webhook, { id: event.uid, body }, signal)
    if (outcome.kind === "taken") return true
    if (signal.aborted) return false
    const fields = { event: event.uid, eventId: event.eventId, reason: outcome.reason }
    if (outcome.kind === "refused") refusals++
    if (refusals >= maxRefusals || Date.now() - event.at.getTime() > longestMs) {
      log.error(fields, "the webhook did not take an event; it is given up")
      return true
    }
    log.warn(fields, "the webhook did not take an event; trying again")
    await wait(waitMs, signal)
  }
  return false
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, signal)
}
