import type { Caller } from "../../control-plane/control-plane.ts"
import { Fault } from "../../domain/faults.ts"
import type { ProfilePlane } from "../../profiles/services/context.ts"
import {
  createEventStream,
  deleteEventStream,
  type FoundStream,
  getEventStream,
  listEventStreams,
  tagEventStream,
} from "../../profiles/services/event-streams.ts"
import {
  createEventTrigger,
  deleteEventTrigger,
  type FoundTrigger,
  getEventTrigger,
  listEventTriggers,
  replaceEventTrigger,
  type TriggerSettings,
} from "../../profiles/services/event-triggers.ts"
import { ResourceFault } from "../faults.ts"
import type { HandlerCall, ResourceHandler } from "../handler.ts"
import type { Json, Model } from "../resource-type.ts"

/** By type name. */
export function profileEventHandlers(plane: ProfilePlane): Record<string, ResourceHandler> {
  return {
    "AWS::CustomerProfiles::EventTrigger": triggerHandler(plane),
    "AWS::CustomerProfiles::EventStream": streamHandler(plane),
  }
}

function triggerHandler(plane: ProfilePlane): ResourceHandler {
  const nameOf = (model: Model) => ({ domain: text(model.DomainName), name: text(model.EventTriggerName) })
  const read = async (caller: Caller, identity: Model) => {
    const trigger = await ifThere(getEventTrigger(plane, caller, nameOf(identity)))
    return trigger && triggerModel(trigger)
  }
  return {
    identify: (desired) => desired,
    create: async (call, identity, desired) => {
      if (await isMade(call, read, identity)) return
      await createEventTrigger(plane, call.caller, { ...nameOf(identity), settings: settingsOf(desired) })
    },
    read,
    update: async ({ caller }, identity, desired) => {
      await replaceEventTrigger(plane, caller, { ...nameOf(identity), settings: settingsOf(desired) })
    },
    delete: (call, identity) => removed(call, deleteEventTrigger(plane, call.caller, nameOf(identity))),
    list: async (caller, input, page) => {
      const { items, next } = await listEventTriggers(plane, caller, {
        ...page,
        domain: text(input.DomainName),
      })
      return { models: items.map(triggerModel), next }
    },
    progress: async () => ({ kind: "done" }),
  }
}

/** The type's schema holds for it. */
function settingsOf({ Tags, ...desired }: Model): TriggerSettings {
  return { ...(desired as unknown as TriggerSettings), Tags: tagMap(Tags) }
}

function triggerModel({ CreatedAt, LastUpdatedAt, Tags, ...trigger }: FoundTrigger): Model {
  const times = { CreatedAt: CreatedAt.toISOString(), LastUpdatedAt: LastUpdatedAt.toISOString() }
  return { ...JSON.parse(JSON.stringify(trigger)), ...times, ...tagList(Tags) }
}

function streamHandler(plane: ProfilePlane): ResourceHandler {
  const nameOf = (model: Model) => ({ domain: text(model.DomainName), name: text(model.EventStreamName) })
  const read = async (caller: Caller, identity: Model) => {
    const stream = await ifThere(getEventStream(plane, caller, nameOf(identity)))
    return stream && streamModel(stream)
  }
  return {
    identify: (desired) => desired,
    create: async (call, identity, desired) => {
      if (await isMade(call, read, identity)) return
      const stream = { ...nameOf(identity), uri: text(desired.Uri), tags: tagMap(desired.Tags) }
      await createEventStream(plane, call.caller, stream)
    },
    read,
    update: ({ caller }, identity, desired) =>
      tagEventStream(plane, caller, { ...nameOf(identity), tags: tagMap(desired.Tags) }),
    delete: (call, identity) => removed(call, deleteEventStream(plane, call.caller, nameOf(identity))),
    list: async (caller, input, page) => {
      const { items, next } = await listEventStreams(plane, caller, {
        ...page,
        domain: text(input.DomainName),
      })
      return { models: items.map(streamModel), next }
    },
    progress: async () => ({ kind: "done" }),
  }
}

function streamModel({ domain, name, uri, arn, state, unhealthySince, createdAt, tags }: FoundStream): Model {
  return {
    DomainName: domain,
    EventStreamName: name,
    Uri: uri,
    EventStreamArn: arn,
    State: state,
    CreatedAt: createdAt.toISOString(),
    DestinationDetails: { Uri: uri, Status: unhealthySince === undefined ? "HEALTHY" : "UNHEALTHY" },
    ...tagList(tags),
  }
}

/** Whether a call that is repeated has made it already. @throws ResourceFault alreadyExists: another one has */
async function isMade(
  { caller, isRepeated }: HandlerCall,
  read: (caller: Caller, identity: Model) => Promise<Model | undefined>,
  identity: Model,
): Promise<boolean> {
  const isThere = (await read(caller, identity)) !== undefined
  if (isThere && !isRepeated) throw new ResourceFault("alreadyExists", "There is one of that name already.")
  return isThere
}

async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Fault && error.kind === "resourceNotFound") return undefined
    throw error
  }
}

async function removed({ isRepeated }: HandlerCall, removing: Promise<void>): Promise<void> {
  try {
    await removing
  } catch (error) {
    if (isRepeated && error instanceof Fault && error.kind === "resourceNotFound") return
    throw error
  }
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : ""
}

function tagMap(value: Json | undefined): Record<string, string> {
  if (!Array.isArray(value)) return {}
  return Object.fromEntries(value.map((tag) => [text((tag as Model).Key), text((tag as Model).Value)]))
}

function tagList(tags: Readonly<Record<string, string>>): Model {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  return Tags.length === 0 ? {} : { Tags }
}
