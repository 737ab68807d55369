import { randomUUID } from "node:crypto"
import type { AlertsConfiguration } from "../../domain/alerts/alert.ts"
import { Fault } from "../../domain/faults.ts"
import type { Store } from "../../state/store.ts"
import type { Caller } from "../control-plane.ts"
import { findIntegration } from "../integrations/find-integration.ts"
import { requireAdmin, requireReader } from "../sql-users/roles.ts"
import { sendAlert } from "./send.ts"

/** As it comes over the wire. Times are ISO 8601 in UTC. */
export interface AlertsReport {
  alerts: {
    rule: string
    integration: string
    subject: string
    code: string
    eventId: string
    message: string
    remedy: string
    since: string
    /** Null: it does not last long enough yet, or is silenced. */
    toldAt: string | null
  }[]
  /** `integration` null: all. */
  silences: { integration: string | null; until: string; by: string }[]
  channels: { name: string; kind: string }[]
  /** Messages that wait, at most 1,000. */
  waiting: number
}

const waitingAtMost = 1_000
const longestSilenceMs = 366 * 86_400_000

/** What rules find now. @throws Fault accessDenied */
export async function alertsReport(
  store: Store,
  caller: Caller,
  { channels }: AlertsConfiguration,
): Promise<AlertsReport> {
  requireReader(caller, "see alerts")
  const names = new Map((await store.integrations.all()).map(({ arn, name }) => [arn, name]))
  return {
    alerts: (await store.alerts.all()).map(({ integrationName, since, toldAt, ...one }) => ({
      rule: one.rule,
      integration: integrationName,
      ...{ subject: one.subject, code: one.code, eventId: one.eventId },
      ...{ message: one.message, remedy: one.remedy },
      since: since.toISOString(),
      toldAt: toldAt?.toISOString() ?? null,
    })),
    silences: (await store.alerts.silences()).map(({ integrationArn, until, by }) => ({
      integration: integrationArn === "" ? null : (names.get(integrationArn) ?? integrationArn),
      until: until.toISOString(),
      by,
    })),
    channels: channels.map(({ name, kind }) => ({ name, kind })),
    waiting: (await store.alerts.waiting(waitingAtMost)).length,
  }
}

/** Nothing is told of an integration, or of any, for `forMs`; 0: it is told again. @throws Fault */
export async function silenceAlerts(
  store: Store,
  caller: Caller,
  { integration, forMs }: { integration: string | undefined; forMs: number },
): Promise<{ until: string | null }> {
  requireAdmin(caller, "silence alerts")
  if (forMs > longestSilenceMs) throw new Fault("invalidValue", "A silence lasts 366 days at most.")
  const integrationArn =
    integration === undefined ? "" : (await findIntegration(store.integrations, integration)).arn
  const until = forMs === 0 ? undefined : new Date(Date.now() + forMs)
  await store.alerts.silence({ integrationArn, until, by: caller.name })
  return { until: until?.toISOString() ?? null }
}

/** Sends a message to a channel and waits for what becomes of it. @throws Fault */
export async function testChannel(
  caller: Caller,
  { channels }: AlertsConfiguration,
  name: string,
): Promise<{ outcome: string; reason: string | null }> {
  requireAdmin(caller, "send a test")
  const channel = channels.find((one) => one.name === name)
  if (channel === undefined)
    throw new Fault(
      "invalidValue",
      `There is no channel of that name; there are: ${channels.map((one) => one.name).join(", ") || "none"}.`,
    )
  const at = new Date().toISOString()
  const texts = {
    code: "TEST",
    message: "This is a test.",
    remedy: "",
    eventId: "MILLRACE-INTEGRATION-EVENT-TEST",
  }
  const place = {
    rule: "test",
    when: "failure" as const,
    integrationArn: "",
    integrationName: "",
    subject: "",
  }
  const message = { ...place, ...texts, id: randomUUID(), state: "test" as const, since: at, at }
  const outcome = await sendAlert(channel, message, new AbortController().signal)
  return { outcome: outcome.kind, reason: outcome.kind === "taken" ? null : outcome.reason }
}
