import type { AlertFinding, AlertRule } from "../../domain/alerts/alert.ts"
import { eventIdOfError } from "../../domain/events.ts"
import type { Integration } from "../../domain/integration.ts"
import { type ProblemReport, problemKinds } from "../../domain/problems.ts"
import { qualifiedName } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import type { KnownPipeline, ObservedPipeline } from "../pipelines/observed-pipelines.ts"

/** What is known of all integrations at one moment. */
export interface Seen {
  /** As callers see them. */
  integrations: readonly Integration[]
  pipelines: readonly ObservedPipeline[]
}

/** What a rule finds of one integration. `unknown`: nobody reports on it, so what was found before still stands. */
export type Judged = { kind: "judged"; findings: AlertFinding[] } | { kind: "unknown" }

type Found = Pick<AlertFinding, "subject" | "code" | "message" | "remedy">

/** What `rule` finds of one integration. Integrations that are being made or deleted are not judged by what their pipelines do. */
export function judged(rule: AlertRule, integration: Integration, { pipelines }: Seen): Judged {
  const mine = pipelines.filter(({ integrationId }) => integrationId === integration.id)
  const isSilent = integration.errors.some(({ code }) => code === problemKinds.unobserved.code)
  if (rule.when !== "not_reporting" && isSilent) return { kind: "unknown" }
  const known = mine.filter((one) => one.kind === "known")
  const { arn: integrationArn, name: integrationName } = integration
  const findings = found(rule, integration, known).map((one) => ({
    ...one,
    ...{ rule: rule.name, when: rule.when, integrationArn, integrationName },
    eventId: eventIdOfError(one.code),
  }))
  return { kind: "judged", findings }
}

function found(rule: AlertRule, integration: Integration, known: readonly KnownPipeline[]): Found[] {
  const threshold = rule.threshold ?? 0
  switch (rule.when) {
    case "failure":
      return failures(integration.errors)
    case "not_reporting":
      return integration.errors
        .filter(({ code }) => code === problemKinds.unobserved.code)
        .map((error) => withRemedy(error, ""))
    case "lag":
      return worst(known, ({ facts }) => facts.lagMs ?? 0, threshold, lagging)
    case "retention":
      return worst(known, ({ facts }) => facts.retention?.retainedBytes ?? 0, threshold, retaining)
    case "time_to_loss":
      return worst(known, (one) => -msToLoss(one), -threshold, losing)
    case "verification":
      return known.flatMap(differing)
    default:
      return unreachable(rule.when)
  }
}

/** One for the integration, by its first error, and one for each table that failed. */
function failures(errors: readonly ProblemReport[]): Found[] {
  const ofTables = errors.filter(({ code }) => code === problemKinds.tableFailed.code)
  const [first] = errors.filter((one) => !ofTables.includes(one))
  return [
    ...(first === undefined ? [] : [withRemedy(first, "")]),
    ...ofTables.map((error) => withRemedy(error, tableOf(error.message))),
  ]
}

/** `Table public.orders: the reason`; as written where the reconciler judges integrations. */
function tableOf(message: string): string {
  return message.replace(/^Table /, "").split(": ", 1)[0] ?? ""
}

/** An error's message ends with what to do. */
function withRemedy({ code, message }: ProblemReport, subject: string): Found {
  const remedy = Object.values(problemKinds).find((kind) => kind.code === code)?.remedy ?? ""
  const at = remedy === "" ? -1 : message.indexOf(remedy)
  if (at < 0) return { subject, code, message, remedy }
  return { subject, code, message: message.slice(0, at).trim(), remedy: message.slice(at).trim() }
}

/** Of the pipeline that is worst, if it is beyond the threshold. */
function worst(
  known: readonly KnownPipeline[],
  measure: (one: KnownPipeline) => number,
  threshold: number,
  told: (one: KnownPipeline) => Found,
): Found[] {
  const beyond = known.filter((one) => measure(one) > threshold)
  const [first] = beyond.sort((a, b) => measure(b) - measure(a))
  return first === undefined ? [] : [told(first)]
}

function msToLoss({ facts }: KnownPipeline): number {
  return (facts.retention?.secondsToLoss ?? Number.POSITIVE_INFINITY) * 1_000
}

function lagging({ sourceDatabase, facts }: KnownPipeline): Found {
  const seconds = Math.round((facts.lagMs ?? 0) / 1_000)
  const message = `The oldest change of ${sourceDatabase} that is not visible yet is ${seconds} s old.`
  const remedy =
    "See `millrace status`: its phase and errors say what hinders it. Without any, the warehouse is slower than the source writes."
  return { subject: "", code: "LAG_OVER_THRESHOLD", message, remedy }
}

function retaining({ sourceDatabase, facts }: KnownPipeline): Found {
  const mebibytes = Math.round((facts.retention?.retainedBytes ?? 0) / 2 ** 20)
  const message = `The source keeps ${mebibytes} MiB of its log for ${sourceDatabase}.`
  const remedy = problemKinds.retentionOverBudget.remedy
  return { subject: "", code: "RETENTION_OVER_THRESHOLD", message, remedy }
}

function losing(one: KnownPipeline): Found {
  const minutes = Math.round(msToLoss(one) / 60_000)
  const message = `The source lets go of what ${one.sourceDatabase} still needs in ${minutes} min at the present rate; then every table is resynced.`
  const remedy = problemKinds.retentionOverBudget.remedy
  return { subject: "", code: "LOSS_NEAR", message, remedy }
}

function differing({ tables }: KnownPipeline): Found[] {
  return tables.flatMap((table) => {
    const differences = table.verified?.differences ?? 0
    if (differences === 0) return []
    return [
      {
        subject: qualifiedName(table),
        code: "VERIFICATION_DIFFERENCES",
        message: `${differences} rows of ${qualifiedName(table)} differed from the source at ${table.verified?.at}.`,
        remedy:
          "Run `millrace verify --repair` for this integration and table, and see which writer changed the warehouse.",
      },
    ]
  })
}
