import { randomUUID } from "node:crypto"
import {
  invocationsOf,
  type Listeners,
  listenersOf,
  recordInvocations,
} from "../../state/profile-events/listeners.ts"
import { type OutgoingEvent, recordOutgoing } from "../../state/profile-events/outbox.ts"
import { streamOrigin } from "../../state/profile-events/streams.ts"
import type { LockedDomain } from "../../state/profiles/profile-store.ts"
import type { ProfileFields } from "../../state/profiles/records.ts"
import { type ProfileEvent, type ProfileEventType, recordOf } from "./streams/event-record.ts"
import { profileObject } from "./streams/profile-object.ts"
import { type Fired, firedBy } from "./triggers/firing.ts"

/** Something that happened to a profile, or to an object of it. */
export interface Occurrence {
  type: Exclude<ProfileEventType, "TRIGGERED">
  /** `_profile`: the profile itself. */
  objectTypeName: string
  profileId: string
  /** Of an object. */
  uniqueKey?: string
  /** The object or profile as it is now; of one that is gone: as it was, or undefined. */
  object: unknown
  /** Of an object that was ingested: what triggers look at. */
  ingested?: {
    /** Values by the names of the type's fields. */
    fields: ReadonlyMap<string, string>
    /** When it happened at its source; undefined: now. */
    sourceTime: Date | undefined
  }
}

export interface Publishing {
  /** False: they came with others from a file or a table's snapshot. */
  isRealTime: boolean
  /** Made only when somebody listens. */
  occurrences(): readonly Occurrence[]
}

/** Something that happened to a profile itself. @param fields as they are now; of one that is gone: as they were */
export function profileOccurrence(type: Occurrence["type"], id: string, fields: ProfileFields): Occurrence {
  return { type, objectTypeName: "_profile", profileId: id, object: profileObject(id, fields) }
}

/** Records what is to be sent, in the transaction in which it happens. */
export async function publishEvents(locked: LockedDomain, publishing: Publishing): Promise<void> {
  const { transaction, domain } = locked
  const listeners = await listenersOf(transaction, domain.number)
  if (listeners.streams.length === 0 && listeners.triggers.length === 0) return
  const occurrences = publishing.occurrences()
  const now = new Date()
  const told = { domainName: domain.name, at: now, isRealTime: publishing.isRealTime }
  const fired = await fire(locked, listeners, occurrences)
  const events = [
    ...occurrences.flatMap((occurrence) => {
      const event = eventOf(occurrence, told)
      return listeners.streams.map(({ name, uri }) => outgoing(event, uri, streamOrigin(name)))
    }),
    ...fired.flatMap(({ trigger, occurrence }) =>
      trigger.uris.map((uri) => {
        const event = {
          ...eventOf(occurrence, told),
          type: "TRIGGERED",
          eventTriggerName: trigger.name,
        } as const
        return outgoing(event, uri, `trigger ${trigger.name}`)
      }),
    ),
  ]
  await recordOutgoing(transaction, domain.number, events)
}

async function fire(
  { transaction, domain }: LockedDomain,
  { triggers }: Listeners,
  occurrences: readonly Occurrence[],
): Promise<Fired[]> {
  if (triggers.length === 0) return []
  const fired = await firedBy(triggers, occurrences, {
    nowMs: Date.now(),
    earlier: (asked) => invocationsOf(transaction, domain.number, asked),
  })
  await recordInvocations(
    transaction,
    domain.number,
    fired
      .filter(({ isCounted }) => isCounted)
      .map(({ trigger, occurrence, firedAtMs }) => ({
        trigger: trigger.name,
        profile: occurrence.profileId,
        firedAtMs,
      })),
  )
  return fired
}

function eventOf(
  { type, objectTypeName, profileId, uniqueKey, object }: Occurrence,
  told: Pick<ProfileEvent, "domainName" | "at" | "isRealTime">,
): ProfileEvent {
  return {
    ...told,
    eventId: randomUUID(),
    type,
    objectTypeName,
    profileId,
    object,
    ...(uniqueKey !== undefined && { objectUniqueKey: uniqueKey }),
  }
}

function outgoing(event: ProfileEvent, uri: string, origin: string): OutgoingEvent {
  return {
    uri,
    origin,
    profile: event.profileId,
    eventId: event.eventId,
    body: JSON.stringify(recordOf(event)),
  }
}
