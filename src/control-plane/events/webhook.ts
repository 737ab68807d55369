import { createHmac } from "node:crypto"
import { pause } from "../../concurrency/deadline.ts"
import type { WebhookConfiguration } from "../../domain/configuration.ts"
import type { EventStore, RecordedEvent } from "../../state/events.ts"
import type { Held } from "../duties/duty.ts"
import type { ReconcilerLog } from "../log.ts"
import { type EventPlace, envelopeOf } from "./events.ts"

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
const answerLimitMs = 10_000
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
    const outcome = await post(options, event, signal)
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

type Outcome = { kind: "taken" } | { kind: "refused" | "away"; reason: string }

async function post(
  { webhook, place }: WebhookOptions,
  event: RecordedEvent,
  signal: AbortSignal,
): Promise<Outcome> {
  const body = JSON.stringify(envelopeOf(event, place))
  const timestamp = String(Math.floor(Date.now() / 1_000))
  const headers = {
    "content-type": "application/json",
    "millrace-event": event.uid,
    "millrace-timestamp": timestamp,
    "millrace-signature": `v1=${signatureOf(webhook.secret, timestamp, body)}`,
  }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)])
  try {
    const answer = await fetch(webhook.url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal: limit,
    })
    await answer.body?.cancel()
    if (answer.ok) return { kind: "taken" }
    const isAway = answer.status >= 500 || answer.status === 408 || answer.status === 429
    return { kind: isAway ? "away" : "refused", reason: `it answered ${answer.status}` }
  } catch (error) {
    // The URL may hold a token: of what went wrong only the system's own word is told.
    const cause = error instanceof Error ? error.cause : undefined
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "no answer"
    return { kind: "away", reason: code }
  }
}

/** Of the time of sending and the body, so that neither can be another. */
function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, signal)
}
