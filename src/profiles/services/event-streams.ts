import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin, requireReader } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { StreamRecord } from "../../state/profile-events/streams.ts"
import { webhookFor } from "../events/delivery/webhooks.ts"
import { type PageAsked, type PageFound, type ProfilePlane, pageFound } from "./context.ts"
import { domainArn } from "./tags.ts"

type Tags = Readonly<Record<string, string>>

export interface FoundStream extends StreamRecord {
  arn: string
  domain: string
  /** STOPPED: the configuration allows its address no longer. */
  state: "RUNNING" | "STOPPED"
}

export interface StreamName {
  domain: string
  name: string
}

/** @throws Fault accessDenied; resourceNotFound: no such domain; validation: there is one, or its address is not allowed */
export async function createEventStream(
  plane: ProfilePlane,
  caller: Caller,
  { domain, name, uri, tags }: StreamName & { uri: string; tags: Tags },
): Promise<FoundStream> {
  requireAdmin(caller, "create event streams")
  if (webhookFor(plane.webhooks, uri) === undefined)
    throw new Fault(
      "validation",
      "Uri is no address that profile_webhooks of the configuration allows: events are posted to webhooks, and to no others.",
    )
  const added = await (await streamsOf(plane, domain)).add({ name, uri, tags })
  if (added === undefined) throw new Fault("validation", `Event stream ${name} already exists`)
  return found(plane, domain, added)
}

/** @throws Fault accessDenied, resourceNotFound */
export async function getEventStream(
  plane: ProfilePlane,
  caller: Caller,
  { domain, name }: StreamName,
): Promise<FoundStream> {
  requireReader(caller, "read event streams")
  const record = await (await streamsOf(plane, domain)).find(name)
  if (record === undefined) throw notFound(name)
  return found(plane, domain, record)
}

/** @throws Fault accessDenied, resourceNotFound */
export async function tagEventStream(
  plane: ProfilePlane,
  caller: Caller,
  { domain, name, tags }: StreamName & { tags: Tags },
): Promise<void> {
  requireAdmin(caller, "change event streams")
  await getEventStream(plane, caller, { domain, name })
  await (await streamsOf(plane, domain)).setTags(name, tags)
}

/** @throws Fault accessDenied, resourceNotFound */
export async function deleteEventStream(
  plane: ProfilePlane,
  caller: Caller,
  { domain, name }: StreamName,
): Promise<void> {
  requireAdmin(caller, "delete event streams")
  if (!(await (await streamsOf(plane, domain)).remove(name))) throw notFound(name)
}

/** In the order of their names. @throws Fault accessDenied, resourceNotFound */
export async function listEventStreams(
  plane: ProfilePlane,
  caller: Caller,
  { domain, after, limit }: PageAsked & { domain: string },
): Promise<PageFound<FoundStream>> {
  requireReader(caller, "read event streams")
  const rows = await (await streamsOf(plane, domain)).list({ after, limit: limit + 1 })
  return pageFound(
    rows.map((row) => found(plane, domain, row)),
    limit,
    ({ name }) => name,
  )
}

async function streamsOf({ store, events }: ProfilePlane, domain: string) {
  return events.streams((await store.read(domain)).domain.number)
}

function notFound(name: string): Fault {
  return new Fault("resourceNotFound", `Event stream ${name} does not exist.`)
}

function found(plane: ProfilePlane, domain: string, record: StreamRecord): FoundStream {
  const isAllowed = webhookFor(plane.webhooks, record.uri) !== undefined
  return {
    ...record,
    domain,
    arn: `${domainArn(plane, domain)}/event-streams/${record.name}`,
    state: isAllowed ? "RUNNING" : "STOPPED",
  }
}
