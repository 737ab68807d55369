import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { LockedDomain } from "../../state/profiles/profile-store.ts"
import { byPeople, keyHolder, type ProfileFields, type ProfileRecord } from "../../state/profiles/records.ts"
import { profileOccurrence, publishEvents } from "../events/publish.ts"
import { mappingLibraries } from "../mapping/libraries.ts"
import { targetOf } from "../mapping/targets.ts"
import { newProfileId } from "../profile-id.ts"
import type { ProfilePlane } from "./context.ts"
import { ownKeys } from "./own-keys.ts"

/** Values by path; an empty text takes one away. */
export type GivenFields = ProfileFields

/** Makes a profile of values that people set. @returns its id @throws Fault accessDenied, validation, resourceNotFound */
export async function createProfile(
  { store }: ProfilePlane,
  caller: Caller,
  { domain, fields }: { domain: string; fields: GivenFields },
): Promise<string> {
  requireAdmin(caller, "create profiles")
  requireFields(fields)
  return await store.change(domain, async (locked) => {
    const id = newProfileId()
    const profile = { id, ...withGiven({ fields: {}, provenance: {} }, fields) }
    await locked.profiles.insert(
      [{ ...profile, addedObjects: 0, addedBytes: 0 }],
      locked.domain.defaultExpirationDays,
    )
    await locked.keys.add(ownKeys(await mappingLibraries(), profile))
    await locked.journal.record([{ profile: id, action: "CREATED", performedBy: caller.name }])
    await locked.journal.count({ profiles: 1, objects: 0, bytes: 0 })
    await publish(locked, "CREATED", profile)
    return id
  })
}

/**
 * Sets values of a profile, which objects do not overwrite from then on.
 *
 * @throws Fault accessDenied, validation, resourceNotFound
 */
export async function updateProfile(
  { store }: ProfilePlane,
  caller: Caller,
  { domain, profileId, fields }: { domain: string; profileId: string; fields: GivenFields },
): Promise<void> {
  requireAdmin(caller, "change profiles")
  requireFields(fields)
  await store.change(domain, async (locked) => {
    const before = await requireProfile(locked, profileId)
    const profile = { id: profileId, ...withGiven(before, fields) }
    await locked.profiles.update(
      [{ ...profile, addedObjects: 0, addedBytes: 0 }],
      locked.domain.defaultExpirationDays,
    )
    await replaceOwnKeys(locked, profile)
    await locked.journal.record([{ profile: profileId, action: "UPDATED", performedBy: caller.name }])
    await publish(locked, "UPDATED", profile)
  })
}

/** @throws Fault validation */
function requireFields(fields: GivenFields): void {
  for (const [path, value] of Object.entries(fields)) {
    const target = path === "EngagementPreferences" ? undefined : targetOf(`_profile.${path}`)
    if (target === undefined && path !== "EngagementPreferences")
      throw new Fault("validation", `A profile has no field ${path}.`)
    if (target !== undefined && value.length > target.charactersAtMost)
      throw new Fault("validation", `${path} has more than ${target.charactersAtMost} characters.`)
    if (!value.isWellFormed()) throw new Fault("validation", `${path} is no text in UTF-8.`)
  }
}

function withGiven(
  before: Pick<ProfileRecord, "fields" | "provenance">,
  given: GivenFields,
): Pick<ProfileRecord, "fields" | "provenance"> {
  const kept = <T>(values: Readonly<Record<string, T>>) =>
    Object.entries(values).filter(([path]) => !Object.hasOwn(given, path))
  const set = Object.entries(given).filter(([, value]) => value !== "")
  const atMs = Date.now()
  return {
    fields: Object.fromEntries([...kept(before.fields), ...set]),
    provenance: Object.fromEntries([
      ...kept(before.provenance),
      ...set.map(([path]) => [path, [byPeople, atMs] as const] as const),
    ]),
  }
}

/** After values that people set have changed. */
export async function replaceOwnKeys(
  { keys }: LockedDomain,
  profile: Pick<ProfileRecord, "id" | "fields" | "provenance">,
): Promise<void> {
  const before = await keys.heldBy([{ profile: profile.id, holder: keyHolder.valuesByPeople }])
  await keys.remove(before)
  await keys.add(ownKeys(await mappingLibraries(), profile))
}

/** With its objects and keys. @throws Fault accessDenied, resourceNotFound */
export async function deleteProfile(
  { store }: ProfilePlane,
  caller: Caller,
  { domain, profileId }: { domain: string; profileId: string },
): Promise<void> {
  requireAdmin(caller, "delete profiles")
  await store.change(domain, async (locked) => {
    const before = await requireProfile(locked, profileId)
    const removed = await locked.objects.removeOf([profileId])
    await locked.keys.removeOf([profileId])
    await locked.profiles.remove([profileId])
    await locked.journal.record([
      { profile: profileId, action: "DELETED_BY_CUSTOMER", performedBy: caller.name },
    ])
    await locked.journal.count({ profiles: -1, objects: -removed.objects, bytes: -removed.bytes })
    await publish(locked, "DELETED", before)
  })
}

async function publish(
  locked: LockedDomain,
  type: "CREATED" | "UPDATED" | "DELETED",
  { id, fields }: Pick<ProfileRecord, "id" | "fields">,
): Promise<void> {
  await publishEvents(locked, {
    isRealTime: true,
    occurrences: () => [profileOccurrence(type, id, fields)],
  })
}

/** @throws Fault resourceNotFound */
export async function requireProfile({ profiles, domain }: LockedDomain, id: string): Promise<ProfileRecord> {
  const [found] = await profiles.find([id])
  if (found !== undefined) return found
  throw noProfile(domain.name, id)
}

export function noProfile(domain: string, id: string): Fault {
  return new Fault("resourceNotFound", `Domain ${domain} has no profile ${id}.`)
}
