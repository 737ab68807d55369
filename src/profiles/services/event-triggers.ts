import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin, requireReader } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { TriggerRecord } from "../../state/profile-events/triggers.ts"
import { mistakesInTrigger } from "../events/triggers/conditions.ts"
import type { EventTrigger } from "../events/triggers/trigger.ts"
import { type PageAsked, type PageFound, type ProfilePlane, pageFound } from "./context.ts"

type Tags = Readonly<Record<string, string>>

/** What a caller says of a trigger, beside its name. */
export type TriggerSettings = Omit<EventTrigger, "DomainName" | "EventTriggerName"> & { readonly Tags?: Tags }

export interface FoundTrigger extends EventTrigger {
  readonly Tags: Tags
  readonly CreatedAt: Date
  readonly LastUpdatedAt: Date
}

export interface TriggerName {
  domain: string
  name: string
}

/** @throws Fault accessDenied; resourceNotFound: no such domain; validation: there is one of that name, or something is wrong with it */
export async function createEventTrigger(
  plane: ProfilePlane,
  caller: Caller,
  { domain, name, settings }: TriggerName & { settings: TriggerSettings },
): Promise<FoundTrigger> {
  requireAdmin(caller, "create event triggers")
  check(settings)
  const triggers = await triggersOf(plane, domain)
  const added = await triggers.add(recordOf(name, settings, settings.Tags ?? {}))
  if (added === undefined) throw new Fault("validation", `Event trigger ${name} already exists`)
  return found(domain, added)
}

/** @throws Fault accessDenied, resourceNotFound */
export async function getEventTrigger(
  plane: ProfilePlane,
  caller: Caller,
  { domain, name }: TriggerName,
): Promise<FoundTrigger> {
  requireReader(caller, "read event triggers")
  return found(domain, await required(plane, { domain, name }))
}

/** Changes what is given. @throws Fault accessDenied, resourceNotFound, validation */
export async function updateEventTrigger(
  plane: ProfilePlane,
  caller: Caller,
  { domain, name, change }: TriggerName & { change: Partial<TriggerSettings> },
): Promise<FoundTrigger> {
  requireAdmin(caller, "change event triggers")
  const before = await required(plane, { domain, name })
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  const settings: TriggerSettings = { ...found(domain, before), ...given }
  return await replaceEventTrigger(plane, caller, { domain, name, settings })
}

/** Gives it just these settings. @throws Fault accessDenied, resourceNotFound, validation */
export async function replaceEventTrigger(
  plane: ProfilePlane,
  caller: Caller,
  { domain, name, settings }: TriggerName & { settings: TriggerSettings },
): Promise<FoundTrigger> {
  requireAdmin(caller, "change event triggers")
  check(settings)
  const triggers = await triggersOf(plane, domain)
  const changed = await triggers.replace(recordOf(name, settings, settings.Tags ?? {}))
  if (changed === undefined) throw notFound(name)
  return found(domain, changed)
}

/** @throws Fault accessDenied, resourceNotFound */
export async function deleteEventTrigger(
  plane: ProfilePlane,
  caller: Caller,
  { domain, name }: TriggerName,
): Promise<void> {
  requireAdmin(caller, "delete event triggers")
  if (!(await (await triggersOf(plane, domain)).remove(name))) throw notFound(name)
}

/** In the order of their names. @throws Fault accessDenied, resourceNotFound */
export async function listEventTriggers(
  plane: ProfilePlane,
  caller: Caller,
  { domain, after, limit }: PageAsked & { domain: string },
): Promise<PageFound<FoundTrigger>> {
  requireReader(caller, "read event triggers")
  const rows = await (await triggersOf(plane, domain)).list({ after, limit: limit + 1 })
  return pageFound(
    rows.map((row) => found(domain, row)),
    limit,
    ({ EventTriggerName }) => EventTriggerName,
  )
}

async function triggersOf({ store, events }: ProfilePlane, domain: string) {
  return events.triggers((await store.read(domain)).domain.number)
}

async function required(plane: ProfilePlane, { domain, name }: TriggerName): Promise<TriggerRecord> {
  const record = await (await triggersOf(plane, domain)).find(name)
  if (record === undefined) throw notFound(name)
  return record
}

function notFound(name: string): Fault {
  return new Fault("resourceNotFound", `Event trigger ${name} does not exist.`)
}

function check(settings: TriggerSettings): void {
  const mistakes = mistakesInTrigger(settings)
  if (settings.SegmentFilter !== undefined)
    mistakes.push("SegmentFilter names a segment; there are no segments here.")
  if (mistakes.length > 0) throw new Fault("validation", mistakes.join(" "))
}

function recordOf(name: string, settings: TriggerSettings, tags: Tags) {
  const { ObjectTypeName: objectType, Description, EventTriggerConditions, EventTriggerLimits } = settings
  const definition = JSON.stringify({ Description, EventTriggerConditions, EventTriggerLimits })
  return { name, objectType, definition, tags }
}

function found(domain: string, record: TriggerRecord): FoundTrigger {
  const definition = JSON.parse(record.definition) as Pick<
    EventTrigger,
    "Description" | "EventTriggerConditions" | "EventTriggerLimits"
  >
  return {
    ...definition,
    DomainName: domain,
    EventTriggerName: record.name,
    ObjectTypeName: record.objectType,
    Tags: record.tags,
    CreatedAt: record.createdAt,
    LastUpdatedAt: record.updatedAt,
  }
}
