import { randomUUID } from "node:crypto"
import type { AlertFinding, AlertMessage, AlertRule, AlertsConfiguration } from "../../domain/alerts/alert.ts"
import type { AlertChanges, KnownAlert, Silence } from "../../state/alerts/alerts.ts"
import { judged, type Seen } from "./findings.ts"

export interface Look {
  configuration: AlertsConfiguration
  seen: Seen
  known: readonly KnownAlert[]
  silences: readonly Silence[]
  /** By the clock of the machine; only messages carry it, and how long something lasts is reckoned by it. */
  now: Date
}

/** What has changed since the last look: what is new, what is over, who is to be told of which. */
export function changesOf({ configuration, seen, known, silences, now }: Look): AlertChanges {
  const { found, unknown } = findings(configuration.rules, seen)
  const before = new Map(known.map((one) => [keyOf(one), one]))
  const silenced = new Set(silences.map(({ integrationArn }) => integrationArn))
  const isSilenced = ({ integrationArn }: AlertFinding) => silenced.has(integrationArn) || silenced.has("")
  const rules = new Map(configuration.rules.map((rule) => [rule.name, rule]))
  const lasts = (one: AlertFinding) =>
    now.getTime() - (before.get(keyOf(one))?.since ?? now).getTime() >= (rules.get(one.rule)?.forMs ?? 0)
  const told = [...found.values()].filter(
    (one) => before.get(keyOf(one))?.toldAt === undefined && lasts(one) && !isSilenced(one),
  )
  const gone = known.filter((one) => !found.has(keyOf(one)) && !unknown.has(placeOf(one)))
  // Of a rule that is no more nobody is told that it has recovered.
  const recovered = gone.filter((one) => one.toldAt !== undefined && rules.has(one.rule))
  const send = (state: AlertMessage["state"]) => (one: AlertFinding) => {
    const since = before.get(keyOf(one))?.since ?? now
    const message = {
      ...plain(one),
      id: randomUUID(),
      state,
      since: since.toISOString(),
      at: now.toISOString(),
    }
    return channelsOf(configuration, rules.get(one.rule)).map((channel) => ({ channel, message }))
  }
  return {
    found: [...found.values()].filter((one) => before.get(keyOf(one))?.message !== one.message),
    gone,
    told,
    messages: [...told.flatMap(send("firing")), ...recovered.flatMap(send("recovered"))],
  }
}

const findingsAtMost = 20

function findings(rules: readonly AlertRule[], seen: Seen) {
  const found = new Map<string, AlertFinding>()
  /** Of which rule and integration nothing can be said now. */
  const unknown = new Set<string>()
  for (const rule of rules)
    for (const integration of seen.integrations) {
      if (rule.integrations.length > 0 && !rule.integrations.includes(integration.name)) continue
      const outcome = judged(rule, integration, seen)
      if (outcome.kind === "unknown")
        unknown.add(placeOf({ rule: rule.name, integrationArn: integration.arn }))
      else for (const one of outcome.findings.slice(0, findingsAtMost)) found.set(keyOf(one), one)
    }
  return { found, unknown }
}

function plain(one: AlertFinding): AlertFinding {
  const { rule, when, integrationArn, integrationName, subject, code, message, remedy, eventId } = one
  return { rule, when, integrationArn, integrationName, subject, code, message, remedy, eventId }
}

function channelsOf({ channels }: AlertsConfiguration, rule: AlertRule | undefined): string[] {
  return channels.map(({ name }) => name).filter((name) => rule?.to.length === 0 || rule?.to.includes(name))
}

function placeOf({ rule, integrationArn }: Pick<AlertFinding, "rule" | "integrationArn">): string {
  return JSON.stringify([rule, integrationArn])
}

function keyOf({ rule, integrationArn, subject }: AlertFinding): string {
  return JSON.stringify([rule, integrationArn, subject])
}
