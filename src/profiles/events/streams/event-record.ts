/** What happened to a profile or an object of it. */
export type ProfileEventType = "CREATED" | "UPDATED" | "DELETED" | "MERGED" | "TRIGGERED"

/** One event of a domain, as its streams and triggers tell it. */
export interface ProfileEvent {
  /** A UUID: the same one however often the event is sent. */
  eventId: string
  at: Date
  type: ProfileEventType
  domainName: string
  /** `_profile` where the event is of a profile itself. */
  objectTypeName: string
  profileId: string
  /** Undefined: the event is of no object. */
  objectUniqueKey?: string
  object: unknown
  /** False: the record came with others from a file. */
  isRealTime: boolean
  /** Of TRIGGERED: which trigger fired. */
  eventTriggerName?: string
}

/** The body of a message, as the cloud's export to a stream has it. */
export function recordOf(event: ProfileEvent): { [member: string]: unknown } {
  return {
    SchemaVersion: 0,
    EventId: event.eventId,
    EventTimestamp: event.at.toISOString(),
    EventType: event.type,
    DomainName: event.domainName,
    ...(event.eventTriggerName !== undefined && { EventTriggerName: event.eventTriggerName }),
    ObjectTypeName: event.objectTypeName,
    AssociatedProfileId: event.profileId,
    ...(event.objectUniqueKey !== undefined && { ProfileObjectUniqueKey: event.objectUniqueKey }),
    Object: event.object,
    IsMessageRealTime: event.isRealTime,
  }
}
