/** What is told to people who do not look: rules on integrations, and where their messages go. */

export const alertConditions = [
  "failure",
  "lag",
  "retention",
  "time_to_loss",
  "verification",
  "not_reporting",
] as const
/** What a rule looks at. docs/operating/monitoring/alerts.md */
export type AlertCondition = (typeof alertConditions)[number]

export interface AlertRule {
  name: string
  when: AlertCondition
  /** `lag`: ms that are too many; `retention`: bytes; `time_to_loss`: ms that are too few. Absent for the others. */
  threshold?: number
  /** How long it must be so before it is told. */
  forMs: number
  /** Names of integrations; empty: all. */
  integrations: readonly string[]
  /** Names of channels; empty: all. */
  to: readonly string[]
}

export type AlertChannel = { name: string } & (
  | { kind: "webhook"; url: string; secret: string }
  | { kind: "slack"; url: string }
  | { kind: "email"; server: string; from: string; to: readonly string[] }
)

export interface AlertsConfiguration {
  channels: readonly AlertChannel[]
  rules: readonly AlertRule[]
}

/** One thing that a rule finds now. An integration and a subject of one rule are one alert. */
export interface AlertFinding {
  rule: string
  when: AlertCondition
  integrationArn: string
  integrationName: string
  /** `schema.table`; empty: the integration. */
  subject: string
  code: string
  message: string
  remedy: string
  /** The cloud's where it has one. */
  eventId: string
}

export interface AlertMessage extends AlertFinding {
  /** The same at each attempt to send it. */
  id: string
  state: "firing" | "recovered" | "test"
  /** ISO 8601 in UTC: since when it is, or was, so. */
  since: string
  /** When this was decided. */
  at: string
}
