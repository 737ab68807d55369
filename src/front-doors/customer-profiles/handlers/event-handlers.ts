import type { ProfilePlane } from "../../../profiles/services/context.ts"
import {
  createEventStream,
  deleteEventStream,
  type FoundStream,
  getEventStream,
  listEventStreams,
} from "../../../profiles/services/event-streams.ts"
import {
  createEventTrigger,
  deleteEventTrigger,
  type FoundTrigger,
  getEventTrigger,
  listEventTriggers,
  type TriggerSettings,
  updateEventTrigger,
} from "../../../profiles/services/event-triggers.ts"
import type { RestOutputOf } from "../../../wire/rest-json/operation.ts"
import type { RestHandlers } from "../../rest-door.ts"
import type { eventStreamsOperations } from "../operations/event-streams.ts"
import type { eventTriggersOperations } from "../operations/event-triggers.ts"
import { nextToken, pageAsked } from "../pages.ts"

export function eventTriggerHandlers(plane: ProfilePlane): RestHandlers<typeof eventTriggersOperations> {
  return {
    CreateEventTrigger: async ({ DomainName: domain, EventTriggerName: name, ...settings }, caller) =>
      triggerToWire(
        await createEventTrigger(plane, caller, { domain, name, settings: settingsFrom(settings) }),
      ),
    GetEventTrigger: async ({ DomainName: domain, EventTriggerName: name }, caller) =>
      triggerToWire(await getEventTrigger(plane, caller, { domain, name })),
    UpdateEventTrigger: async ({ DomainName: domain, EventTriggerName: name, ...change }, caller) =>
      triggerToWire(await updateEventTrigger(plane, caller, { domain, name, change: settingsFrom(change) })),
    DeleteEventTrigger: async ({ DomainName: domain, EventTriggerName: name }, caller) => {
      await deleteEventTrigger(plane, caller, { domain, name })
      return { Message: `Event trigger ${name} has been deleted.` }
    },
    ListEventTriggers: async (asked, caller) => {
      const page = { domain: asked.DomainName, ...pageAsked("ListEventTriggers", asked) }
      const { items, next } = await listEventTriggers(plane, caller, page)
      return { Items: items.map(summaryToWire), NextToken: nextToken("ListEventTriggers", next) }
    },
  }
}

/** Without the members that are absent: the operation's shape has all that a trigger may have. */
function settingsFrom(input: object): TriggerSettings {
  return JSON.parse(JSON.stringify(input))
}

type TriggerOutput = RestOutputOf<(typeof eventTriggersOperations)["GetEventTrigger"]>

/** As the caller gave it, who gave it along the operation's shape. */
function triggerToWire({ DomainName: _, Tags, ...trigger }: FoundTrigger): TriggerOutput {
  return { ...trigger, Tags: { ...Tags } } as TriggerOutput
}

function summaryToWire(trigger: FoundTrigger) {
  return {
    EventTriggerName: trigger.EventTriggerName,
    ObjectTypeName: trigger.ObjectTypeName,
    Description: trigger.Description,
    CreatedAt: trigger.CreatedAt,
    LastUpdatedAt: trigger.LastUpdatedAt,
    Tags: { ...trigger.Tags },
  }
}

export function eventStreamHandlers(plane: ProfilePlane): RestHandlers<typeof eventStreamsOperations> {
  return {
    CreateEventStream: async (
      { DomainName: domain, EventStreamName: name, Uri: uri, Tags: tags = {} },
      caller,
    ) => {
      const made = await createEventStream(plane, caller, { domain, name, uri, tags })
      return { EventStreamArn: made.arn, Tags: { ...made.tags } }
    },
    GetEventStream: async ({ DomainName: domain, EventStreamName: name }, caller) => {
      const stream = await getEventStream(plane, caller, { domain, name })
      return {
        DomainName: domain,
        EventStreamArn: stream.arn,
        CreatedAt: stream.createdAt,
        State: stream.state,
        DestinationDetails: { ...destinationOf(stream), Message: stream.message },
        Tags: { ...stream.tags },
      }
    },
    DeleteEventStream: async ({ DomainName: domain, EventStreamName: name }, caller) => {
      await deleteEventStream(plane, caller, { domain, name })
      return {}
    },
    ListEventStreams: async (asked, caller) => {
      const page = { domain: asked.DomainName, ...pageAsked("ListEventStreams", asked) }
      const { items, next } = await listEventStreams(plane, caller, page)
      const Items = items.map((stream) => ({
        DomainName: stream.domain,
        EventStreamName: stream.name,
        EventStreamArn: stream.arn,
        State: stream.state,
        DestinationSummary: destinationOf(stream),
        Tags: { ...stream.tags },
      }))
      return { Items, NextToken: nextToken("ListEventStreams", next) }
    },
  }
}

function destinationOf({ uri, unhealthySince }: FoundStream) {
  return {
    Uri: uri,
    Status: unhealthySince === undefined ? ("HEALTHY" as const) : ("UNHEALTHY" as const),
    UnhealthySince: unhealthySince,
  }
}
