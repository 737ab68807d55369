import { pause } from "../../concurrency/deadline.ts"
import type { AlertsConfiguration } from "../../domain/alerts/alert.ts"
import type { WaitingMessage } from "../../state/alerts/alerts.ts"
import type { Store } from "../../state/store.ts"
import type { DutyWork, Held } from "../duties/duty.ts"
import { shownStatus } from "../integrations/shown-status.ts"
import type { ReconcilerLog } from "../log.ts"
import { observedPipelines } from "../pipelines/observed-pipelines.ts"
import { changesOf } from "./look.ts"
import { sendAlert } from "./send.ts"

export interface AlertDutyOptions {
  store: Pick<Store, "alerts" | "integrations" | "observations">
  /** As it is now: a reload changes it. */
  configuration(): AlertsConfiguration
  log: ReconcilerLog
  /** Nothing is decided or sent while the duty is another process's. */
  held: Held
}

const lookEveryMs = 2_000
const messagesAtOnce = 20
const firstRetryMs = 1_000
const lastRetryMs = 300_000
/** Who refuses a message so often does not want it. */
const maxRefusals = 5
const longestMs = 24 * 3_600_000

/**
 * Looks at all integrations and sends what rules say. What was decided is in the state database before anything is sent: a process
 * that ends in between leaves the rest to the next. A message that was sent is removed after that, so it may come twice, by its id.
 */
export function startAlerts(options: AlertDutyOptions): DutyWork {
  const stopping = new AbortController()
  const running = run(options, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function run(options: AlertDutyOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await look(options)
      await sendWaiting(options, signal)
    } catch (error) {
      if (!signal.aborted) options.log.warn({ err: error }, "alerts cannot be judged now; trying again")
    }
    await pause(lookEveryMs, signal)
  }
}

async function look({ store, configuration, log, held }: AlertDutyOptions): Promise<void> {
  const rules = configuration()
  const known = await store.alerts.all()
  if (rules.rules.length === 0 && known.length === 0) return
  const seen = {
    integrations: await shownStatus(store, await store.integrations.all()),
    pipelines: await observedPipelines(store),
  }
  const silences = await store.alerts.silences()
  const changes = changesOf({ configuration: rules, seen, known, silences, now: new Date() })
  if (Object.values(changes).every((list) => list.length === 0) || !held.isHeld()) return
  const dropped = await store.alerts.record(changes)
  if (dropped > 0) log.error({ dropped }, "too many messages of alerts wait; the oldest are given up")
}

async function sendWaiting(options: AlertDutyOptions, signal: AbortSignal): Promise<void> {
  const waiting = await options.store.alerts.waiting(messagesAtOnce)
  const byChannel = Map.groupBy(waiting, ({ channel }) => channel)
  await Promise.all([...byChannel.values()].map((messages) => sendInTurn(options, messages, signal)))
}

/** One after another; where a channel is away, the others of it wait for its next turn. */
async function sendInTurn(
  options: AlertDutyOptions,
  messages: readonly WaitingMessage[],
  signal: AbortSignal,
): Promise<void> {
  for (const one of messages) {
    if (signal.aborted || !options.held.isHeld()) return
    if ((await sendOne(options, one, signal)) === "away") return
  }
}

async function sendOne(
  { store: { alerts }, configuration, log }: AlertDutyOptions,
  { number, channel: name, message, ageMs, attempts, refusals }: WaitingMessage,
  signal: AbortSignal,
): Promise<"done" | "away"> {
  const channel = configuration().channels.find((one) => one.name === name)
  const outcome =
    channel === undefined
      ? ({ kind: "refused", reason: "the channel is not configured any more" } as const)
      : await sendAlert(channel, message, signal)
  if (signal.aborted && outcome.kind !== "taken") return "away"
  if (outcome.kind === "taken") {
    await alerts.sent(number)
    return "done"
  }
  const fields = { channel: name, message: message.id, reason: outcome.reason }
  const isRefused = outcome.kind === "refused"
  if (channel === undefined || (isRefused && refusals + 1 >= maxRefusals) || ageMs > longestMs) {
    log.error(fields, "an alert could not be sent; it is given up")
    await alerts.sent(number)
    return "done"
  }
  log.warn(fields, "an alert could not be sent; trying again")
  const waitMs = Math.min(firstRetryMs * 2 ** Math.min(attempts, 20), lastRetryMs)
  await alerts.notSent(number, { isRefused, waitMs })
  return isRefused ? "done" : "away"
}
