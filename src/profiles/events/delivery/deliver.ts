import { pause } from "../../../concurrency/deadline.ts"
import type { DutyWork, Held } from "../../../control-plane/duties/duty.ts"
import { postSigned } from "../../../control-plane/events/signed-post.ts"
import type { ReconcilerLog } from "../../../control-plane/log.ts"
import type { WebhookConfiguration } from "../../../domain/configuration.ts"
import type { OutboxStore, WaitingDestination, WaitingEvent } from "../../../state/profile-events/outbox.ts"
import type { ProfileStore } from "../../../state/profiles/profile-store.ts"
import { webhookFor } from "./webhooks.ts"

export interface DeliveryOptions {
  profiles: ProfileStore
  outbox: OutboxStore
  webhooks: readonly WebhookConfiguration[]
  log: ReconcilerLog
  /** Nothing is sent while the duty is another process's. */
  held: Held
  /** Tests do not wait as long as people would. */
  firstRetryMs?: number
}

const lookEveryMs = 250
/** Where no webhook is allowed, nothing can be sent: destinations are only told so. */
const idleEveryMs = 2_000
const eventsAtOnce = 200
const profilesAtOnce = 8
const usualFirstRetryMs = 1_000
const lastRetryMs = 300_000
/** Whoever refuses an event so often does not want it. */
const maxRefusals = 5
/** An event that could not be sent for so long is given up. */
const longestMs = 24 * 3_600_000

/**
 * Sends the events of the outbox, those of one profile to one destination in their order. An event that was taken is removed after that: it
 * may come twice (by its id) when a process ends in between. What is refused too often, or cannot be sent for a day, becomes a dead letter.
 */
export function startDelivery(options: DeliveryOptions): DutyWork {
  const stopping = new AbortController()
  const running = run(options, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function run(options: DeliveryOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let isMore = false
    try {
      const destinations = options.held.isHeld() ? await options.outbox.destinations() : []
      const sent = await Promise.all(destinations.map((one) => sendTo(options, one, signal)))
      isMore = sent.includes(true)
    } catch (error) {
      if (!signal.aborted)
        options.log.warn({ err: error }, "events of profiles cannot be sent now; trying again")
    }
    if (!isMore) await pause(options.webhooks.length === 0 ? idleEveryMs : lookEveryMs, signal)
  }
}

/** True: there may be more at once. */
async function sendTo(
  options: DeliveryOptions,
  destination: WaitingDestination,
  signal: AbortSignal,
): Promise<boolean> {
  const { outbox, webhooks } = options
  const webhook = webhookFor(webhooks, destination.uri)
  const events = await outbox.waiting(destination, eventsAtOnce)
  if (webhook === undefined) {
    await away(options, destination, { events, reason: "no entry of profile_webhooks allows this address" })
    return false
  }
  const round: Round = { taken: [], refused: [], reason: undefined }
  const chains = [...Map.groupBy(events, ({ profile }) => profile).values()]
  const work = Array.from({ length: Math.min(profilesAtOnce, chains.length) }, async () => {
    for (let chain = chains.shift(); chain !== undefined; chain = chains.shift())
      await sendChain(options, { webhook, chain, round }, signal)
  })
  await Promise.all(work)
  await outbox.remove(destination, round.taken)
  for (const event of round.refused) await refused(options, destination, event)
  if (round.reason !== undefined) await away(options, destination, { events, reason: round.reason })
  else if (destination.failures > 0 && round.taken.length > 0) await outbox.healthy(destination)
  return round.reason === undefined && events.length === eventsAtOnce
}

/** What has become of some events. */
interface Round {
  /** Numbers. */
  taken: string[]
  refused: WaitingEvent[]
  /** Why the destination took no more. */
  reason: string | undefined
}

/** The events of one profile: the first one that is not taken holds up those after it. */
async function sendChain(
  { held }: DeliveryOptions,
  { webhook, chain, round }: { webhook: WebhookConfiguration; chain: readonly WaitingEvent[]; round: Round },
  signal: AbortSignal,
): Promise<void> {
  for (const event of chain) {
    if (signal.aborted || !held.isHeld() || round.reason !== undefined) return
    const outcome = await postSigned(webhook, { id: event.eventId, body: event.body }, signal)
    if (outcome.kind === "taken") round.taken.push(event.number)
    else if (outcome.kind === "refused") round.refused.push(event)
    else if (!signal.aborted) round.reason = outcome.reason
    if (outcome.kind !== "taken") return
  }
}

async function refused(
  options: DeliveryOptions,
  destination: WaitingDestination,
  event: WaitingEvent,
): Promise<void> {
  const { outbox, firstRetryMs = usualFirstRetryMs } = options
  if (event.refusals + 1 >= maxRefusals)
    await giveUp(options, destination, { events: [event], reason: "it was refused" })
  else await outbox.refused(destination, event.number, retryMs(firstRetryMs, event.refusals))
}

async function away(
  options: DeliveryOptions,
  destination: WaitingDestination,
  { events, reason }: { events: readonly WaitingEvent[]; reason: string },
): Promise<void> {
  const { outbox, log, firstRetryMs = usualFirstRetryMs } = options
  const old = events.filter(({ ageMs }) => ageMs > longestMs)
  if (old.length > 0) await giveUp(options, destination, { events: old, reason })
  const { domainName, failures } = destination
  if (failures === 0)
    log.warn({ domain: domainName, reason }, "a destination of profile events takes nothing")
  await outbox.pause(destination, reason, retryMs(firstRetryMs, failures))
}

function retryMs(firstMs: number, failures: number): number {
  return Math.min(firstMs * 2 ** Math.min(failures, 20), lastRetryMs)
}

async function giveUp(
  { profiles, outbox, log }: DeliveryOptions,
  destination: WaitingDestination,
  { events, reason }: { events: readonly WaitingEvent[]; reason: string },
): Promise<void> {
  const { domainName: domain, uri } = destination
  const { journal } = await profiles.read(domain)
  const message = `An event for ${uri} is given up: ${reason}.`
  const letter = { objectType: "_event", integrationUri: uri, reason: "notDelivered", message }
  await journal.bury(events.map(({ body }) => ({ ...letter, object: body })))
  await outbox.remove(
    destination,
    events.map(({ number }) => number),
  )
  log.error({ domain, events: events.length, reason }, "events of profiles are given up")
}
