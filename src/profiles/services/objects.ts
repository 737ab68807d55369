import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin, requireReader } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { StoredObject } from "../../state/profiles/records.ts"
import { publishEvents } from "../events/publish.ts"
import { ingestObjects } from "../ingest/ingest.ts"
import { type PageAsked, type PageFound, type ProfilePlane, pageFound } from "./context.ts"
import { type SearchKey, wantedPairs } from "./search.ts"

/**
 * Takes one object. One that no profile has the keys of waits as a dead letter where its type may make none.
 *
 * @param object JSON text
 * @returns its unique key
 * @throws Fault accessDenied, resourceNotFound; validation: the object itself cannot be taken
 */
export async function putObject(
  { store }: ProfilePlane,
  caller: Caller,
  { domain, objectType, object }: { domain: string; objectType: string; object: string },
): Promise<string> {
  requireAdmin(caller, "put objects of profiles")
  const batch = { domain, objectType, performedBy: caller.name, deadLetters: "unattachedOnly" } as const
  const [outcome] = await ingestObjects(store, batch, [object])
  if (outcome === undefined) throw new Error("an object was taken without an outcome")
  if (outcome.kind !== "rejected") return outcome.uniqueKey
  if (outcome.rejection.reason === "noProfile" && outcome.uniqueKey !== undefined) return outcome.uniqueKey
  throw new Fault("validation", outcome.rejection.message)
}

interface ListInput extends PageAsked {
  domain: string
  objectType: string
  profileId: string
  /** Only objects that have this key with one of the values. */
  key: SearchKey | undefined
}

/** Objects of one type of a profile. @throws Fault accessDenied, resourceNotFound */
export async function listObjects(
  { store }: ProfilePlane,
  caller: Caller,
  { domain, objectType, profileId, key, after, limit }: ListInput,
): Promise<PageFound<StoredObject>> {
  requireReader(caller, "read customer profiles")
  const { types, objects } = await store.read(domain)
  const all = await types.all()
  const type = all.find(({ name }) => name === objectType)
  if (type === undefined)
    throw new Fault("resourceNotFound", `Domain ${domain} has no object type ${objectType}.`)
  const keys = key && (await wantedPairs(all, key))
  const page = { profile: profileId, type: type.number, keys, after, limit: limit + 1 }
  return pageFound(await objects.list(page), limit, ({ uniqueKey }) => uniqueKey)
}

/** With its keys; the values that it gave to the profile stay. @throws Fault accessDenied, resourceNotFound */
export async function deleteObject(
  { store }: ProfilePlane,
  caller: Caller,
  {
    domain,
    objectType,
    profileId,
    uniqueKey,
  }: { domain: string; objectType: string; profileId: string; uniqueKey: string },
): Promise<void> {
  requireAdmin(caller, "delete objects of profiles")
  await store.change(domain, async (locked) => {
    const { types, objects, keys, profiles, journal } = locked
    const type = await types.find(objectType)
    const [found] = type === undefined ? [] : await objects.find(type.number, [uniqueKey])
    if (type === undefined || found?.profile !== profileId)
      throw new Fault(
        "resourceNotFound",
        `Profile ${profileId} has no object ${uniqueKey} of the type ${objectType}.`,
      )
    const holders = [{ profile: profileId, holder: found.number }]
    await keys.remove(await keys.heldBy(holders))
    await objects.remove(type.number, [uniqueKey])
    const bytes = -Buffer.byteLength(found.object)
    await profiles.resize([{ id: profileId, objects: -1, bytes }])
    await journal.count({ profiles: 0, objects: -1, bytes })
    const entry = { profile: profileId, type: type.number, uniqueKey, performedBy: caller.name }
    await journal.record([{ ...entry, action: "DELETED_BY_CUSTOMER" }])
    await publishEvents(locked, {
      isRealTime: true,
      occurrences: () => [
        {
          type: "DELETED",
          objectTypeName: objectType,
          profileId,
          uniqueKey,
          object: JSON.parse(found.object),
        },
      ],
    })
  })
}
