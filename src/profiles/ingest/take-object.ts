import type { MappedKey, MappedObject } from "../mapping/map-object.ts"
import { newProfileId } from "../profile-id.ts"
import { profileByKeys, storedKeys } from "./attach.ts"
import { type Batch, type LatestObject, newProfile, type WorkingProfile } from "./batch.ts"
import { lastPriority, withIngested } from "./merge-fields.ts"
import type { Outcome, Rejection } from "./outcome.ts"

/** As the service allows. */
const objectsPerProfile = 1_000
const bytesPerProfile = 50_000_000

/** What an object is taken with. */
export interface TakingContext {
  batch: Batch
  /** SourcePriority by the type's number. */
  priorities: ReadonlyMap<number, number | undefined>
  now: Date
  integrationUri?: string | undefined
  performedBy: string
}

/** The profile that the object's keys find as things are now. */
export function profileOf(batch: Batch, object: MappedObject): string | undefined {
  return profileByKeys(object.keys, batch.index, (id) => batch.namedProfiles.has(id))
}

/** Takes one object into the batch. Nothing is written. */
export function takeObject(context: TakingContext, object: MappedObject, contentHash: string): Outcome {
  const { batch } = context
  const { uniqueKey } = object
  const before = batch.latest.get(uniqueKey)
  if (before !== undefined && isKnown(before, object, contentHash))
    return { kind: "unchanged", profileId: before.profile, uniqueKey }
  // An object whose new keys find nobody stays where it is.
  const found = profileOf(batch, object) ?? before?.profile
  if (found === undefined && !batch.type.allowProfileCreation) return refused(uniqueKey, noProfile)
  const profile = found === undefined ? newProfile(newProfileId(context.now.getTime())) : known(batch, found)
  const isMoved = before?.profile !== profile.id
  const limit = limitMistake(batch, profile, { object, before: isMoved ? undefined : before })
  if (limit !== undefined) return refused(uniqueKey, limit)
  batch.profiles.set(profile.id, profile)
  store(context, { object, contentHash, before, profile, isNew: found === undefined })
  if (found === undefined) return { kind: "created", profileId: profile.id, uniqueKey }
  return { kind: before === undefined ? "attached" : "replaced", profileId: profile.id, uniqueKey }
}

const noProfile: Rejection = {
  reason: "noProfile",
  message: "No single profile has the object's keys, and its type does not allow profiles to be made.",
}

function refused(uniqueKey: string, rejection: Rejection): Outcome {
  return { kind: "rejected", rejection, uniqueKey }
}

/** The same content, or older than what is there by the objects' own times. */
function isKnown(before: LatestObject, { sourceTime }: MappedObject, contentHash: string): boolean {
  if (before.contentHash === contentHash) return true
  return sourceTime !== undefined && before.sourceTime !== undefined && sourceTime < before.sourceTime
}

function known(batch: Batch, id: string): WorkingProfile {
  const profile = batch.profiles.get(id)
  if (profile === undefined) throw new Error(`the profile ${id} of a key is not there`)
  return profile
}

function limitMistake(
  { type }: Batch,
  profile: WorkingProfile,
  { object, before }: { object: MappedObject; before: LatestObject | undefined },
): Rejection | undefined {
  const objects = Math.min(type.maxProfileObjects ?? objectsPerProfile, objectsPerProfile)
  if (before === undefined && profile.objectCount >= objects)
    return { reason: "tooManyObjects", message: `The profile has ${objects} objects, and may have no more.` }
  const bytes = profile.objectBytes + Buffer.byteLength(object.text) - (before?.bytes ?? 0)
  if (bytes > bytesPerProfile)
    return {
      reason: "tooManyObjects",
      message: `The profile's objects would have more than ${bytesPerProfile} bytes.`,
    }
  return undefined
}

interface Storing {
  object: MappedObject
  contentHash: string
  before: LatestObject | undefined
  profile: WorkingProfile
  isNew: boolean
}

function store(context: TakingContext, { object, contentHash, before, profile, isNew }: Storing): void {
  const { batch, integrationUri } = context
  const { uniqueKey, sourceTime, text } = object
  const hadBefore = new Set(before?.keys.map(({ name }) => name))
  const keys = distinct(storedKeys(object.keys, { isNewProfile: isNew, hadBefore }))
  const bytes = Buffer.byteLength(text)
  if (before !== undefined) forget(batch, before)
  resize(profile, 1, bytes)
  for (const key of keys) batch.index.add(key, profile.id)
  fill(context, { object, profile, isNew })
  batch.latest.set(uniqueKey, { profile: profile.id, contentHash, sourceTime, bytes, keys })
  batch.objects.set(uniqueKey, {
    type: batch.type.number,
    uniqueKey,
    profile: profile.id,
    object: text,
    contentHash,
    sourceTime,
    integrationUri,
    expirationDays: batch.expirationDays,
  })
  note(context, { profile: profile.id, uniqueKey, isNew })
}

/** Two definitions of one key may have the same value. */
function distinct(keys: readonly MappedKey[]): MappedKey[] {
  return [...new Map(keys.map((key) => [`${key.name}\n${key.value}`, key])).values()]
}

function forget({ index, profiles }: Batch, before: LatestObject): void {
  for (const key of before.keys) index.remove(key, before.profile)
  const profile = profiles.get(before.profile)
  if (profile !== undefined) resize(profile, -1, -before.bytes)
}

function resize(profile: WorkingProfile, objects: number, bytes: number): void {
  profile.isChanged = true
  profile.objectCount += objects
  profile.objectBytes += bytes
  profile.addedObjects += objects
  profile.addedBytes += bytes
}

function fill(
  { batch, priorities, now }: TakingContext,
  { object, profile, isNew }: Pick<Storing, "object" | "profile" | "isNew">,
): void {
  const values = isNew ? { ...object.inferredFields, ...object.profileFields } : object.profileFields
  const source = { type: batch.type.number, atMs: (object.sourceTime ?? now).getTime() }
  const merged = withIngested(profile, values, source, (type) => priorities.get(type) ?? lastPriority)
  profile.fields = merged.fields
  profile.provenance = merged.provenance
}

function note(
  { batch, performedBy }: TakingContext,
  { profile, uniqueKey, isNew }: { profile: string; uniqueKey: string; isNew: boolean },
): void {
  const object = { profile, type: batch.type.number, uniqueKey, performedBy }
  if (isNew) batch.history.push({ ...object, action: "CREATED" })
  batch.history.push({ ...object, action: "INGESTED" })
}
