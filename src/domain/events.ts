import type { Integration } from "./integration.ts"
import { problemKinds } from "./problems.ts"

export type EventSeverity = "INFO" | "WARNING" | "ERROR"
export type EventCategory = "Monitoring" | "Operation" | "Configuration"

/** Something that happened to an integration, as others are told of it. */
export interface IntegrationEvent {
  /** The cloud's id where it has one. */
  eventId: string
  severity: EventSeverity
  category: EventCategory
  message: string
  integrationArn: string
  integrationName: string
  status: Integration["status"]
}

type Kind = Pick<IntegrationEvent, "eventId" | "severity" | "category">

function cloudEvent(number: string, severity: EventSeverity, category: EventCategory): Kind {
  return { eventId: `REDSHIFT-INTEGRATION-EVENT-${number}`, severity, category }
}

const kinds = {
  activated: cloudEvent("0000", "INFO", "Monitoring"),
  deleted: cloudEvent("0001", "INFO", "Monitoring"),
  deleting: cloudEvent("0002", "INFO", "Monitoring"),
  synchronizing: cloudEvent("0003", "INFO", "Monitoring"),
  createFailed: cloudEvent("0006", "ERROR", "Monitoring"),
  activeAgain: cloudEvent("0013", "INFO", "Monitoring"),
  modifyFailed: cloudEvent("0014", "ERROR", "Monitoring"),
  modifying: cloudEvent("0016", "INFO", "Operation"),
  modified: cloudEvent("0017", "INFO", "Operation"),
} satisfies Record<string, Kind>

/** Errors that the cloud has an id for; others carry one of ours. */
const ofErrors = new Map<string, Kind>([
  [problemKinds.tableFailed.code, cloudEvent("0005", "WARNING", "Monitoring")],
  [problemKinds.internal.code, cloudEvent("0007", "ERROR", "Monitoring")],
  [problemKinds.sourceRefusedLogin.code, cloudEvent("0008", "ERROR", "Monitoring")],
  [problemKinds.sourcePrivileges.code, cloudEvent("0008", "ERROR", "Monitoring")],
  [problemKinds.sourceNotAuthorised.code, cloudEvent("0008", "ERROR", "Monitoring")],
  [problemKinds.keyNotAccessible.code, cloudEvent("0008", "ERROR", "Monitoring")],
  [problemKinds.sourceSettings.code, cloudEvent("1000", "ERROR", "Configuration")],
])

function ownEvent(what: string): Kind {
  return { eventId: `MILLRACE-INTEGRATION-EVENT-${what}`, severity: "WARNING", category: "Monitoring" }
}

function eventOf(kind: Kind, { arn, name, status }: Integration, message: string): IntegrationEvent {
  return { ...kind, message, integrationArn: arn, integrationName: name, status }
}

/** Of an error, or of something else that is known by a code. */
export function eventIdOfError(code: string): string {
  return (ofErrors.get(code) ?? ownEvent(code)).eventId
}

/** What is to be told when an integration is recorded otherwise than before. */
export function eventsBetween(before: Integration, after: Integration): IntegrationEvent[] {
  return [...modifications(before, after), ...transitions(before, after), ...newErrors(before, after)]
}

/** It is gone. */
export function deletedEvent(last: Integration): IntegrationEvent {
  return eventOf(kinds.deleted, last, `Integration ${last.name} was deleted.`)
}

/** Something was left at the source, which did not answer. */
export function notCleanedEvent(integration: Integration, remedy: string): IntegrationEvent {
  const message = `The source of integration ${integration.name} did not answer and was not cleaned. ${remedy}`
  return eventOf(ownEvent("SOURCE_NOT_CLEANED"), integration, message)
}

function modifications(before: Integration, after: Integration): IntegrationEvent[] {
  const begun = eventOf(kinds.modifying, after, `Integration ${after.name} is being modified.`)
  const applied = eventOf(kinds.modified, after, `The modification of integration ${after.name} is applied.`)
  if (!before.isFilterPending && after.isFilterPending) return [begun]
  if (before.isFilterPending && !after.isFilterPending) return [applied]
  const isRenamed = before.name !== after.name || before.description !== after.description
  return isRenamed || before.dataFilter !== after.dataFilter ? [begun, applied] : []
}

function transitions(before: Integration, after: Integration): IntegrationEvent[] {
  if (before.status === after.status) return []
  const told = (kind: Kind, what: string) => [eventOf(kind, after, `Integration ${after.name} ${what}.`)]
  switch (after.status) {
    case "active":
      if (before.status === "creating") return told(kinds.activated, "was created and is active")
      return before.isFilterPending ? [] : told(kinds.activeAgain, "is active again")
    case "syncing":
      return told(kinds.synchronizing, "is synchronizing")
    case "deleting":
      return told(kinds.deleting, "is being deleted")
    case "failed":
      if (before.status === "creating") return told(kinds.createFailed, "could not be created")
      return before.isFilterPending ? told(kinds.modifyFailed, "could not be modified") : []
    case "creating":
    case "modifying":
    case "needs_attention":
      return []
  }
}

function newErrors(before: Integration, after: Integration): IntegrationEvent[] {
  const known = new Set(before.errors.map(subjectOf))
  return after.errors
    .filter((error) => !known.has(subjectOf(error)))
    .map(({ code, message }) => eventOf(ofErrors.get(code) ?? ownEvent(code), after, message))
}

/** Of a table, which; otherwise figures in the message may change without it being news. */
function subjectOf({ code, message }: { code: string; message: string }): string {
  return code === problemKinds.tableFailed.code ? `${code} ${message.split(": ", 1)[0]}` : code
}
