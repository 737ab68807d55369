import type { HeldKey } from "../../state/profiles/key-rows.ts"
import type { ProfileWrite } from "../../state/profiles/profile-rows.ts"
import type { LockedDomain } from "../../state/profiles/profile-store.ts"
import type {
  HistoryEntry,
  NewObject,
  ObjectTypeRecord,
  ProfileRecord,
  StoredObject,
} from "../../state/profiles/records.ts"
import type { MappedObject } from "../mapping/map-object.ts"
import { profileIdKey } from "./attach.ts"
import { type KeyIndex, keyIndex, pairText } from "./key-index.ts"

/** A profile while a batch is taken. */
export interface WorkingProfile extends ProfileWrite {
  isNew: boolean
  isChanged: boolean
  objectCount: number
  objectBytes: number
}

/** The version of an object that is the latest so far: stored before, or taken in this batch. */
export interface LatestObject {
  profile: string
  contentHash: string
  sourceTime: Date | undefined
  bytes: number
  keys: readonly { name: string; value: string }[]
}

/** What is known of a domain, and what a batch has made of it so far. Nothing is written before all objects are taken. */
export interface Batch {
  type: ObjectTypeRecord
  expirationDays: number
  index: KeyIndex
  latest: Map<string, LatestObject>
  profiles: Map<string, WorkingProfile>
  /** Ids that `_profileId` keys name and that there are. */
  namedProfiles: ReadonlySet<string>
  /** The last version of each object. */
  objects: Map<string, NewObject>
  stored: ReadonlyMap<string, StoredObject>
  storedKeys: ReadonlyMap<string, readonly HeldKey[]>
  history: HistoryEntry[]
}

/** Reads all that decides about these objects: a few statements, however many there are. */
export async function openBatch(
  locked: LockedDomain,
  type: ObjectTypeRecord,
  objects: readonly MappedObject[],
): Promise<Batch> {
  const found = await locked.objects.find(type.number, [
    ...new Set(objects.map(({ uniqueKey }) => uniqueKey)),
  ])
  const held = await locked.keys.heldBy(found.map(({ profile, number }) => ({ profile, holder: number })))
  const storedKeys = Map.groupBy(held, ({ holder }) => holder)
  const wanted = objects.flatMap(({ keys }) => keys.filter(({ finds }) => finds !== undefined))
  const pairs = new Map([...wanted, ...held].map((key) => [pairText(key), key]))
  const index = keyIndex(await locked.keys.find([...pairs.values()]))
  const named = wanted.filter(({ name, value }) => name === profileIdKey && /^[a-f0-9]{32}$/.test(value))
  return {
    type,
    expirationDays: type.expirationDays ?? locked.domain.defaultExpirationDays,
    index,
    latest: new Map(found.map((one) => [one.uniqueKey, latestOf(one, storedKeys.get(one.number) ?? [])])),
    profiles: new Map(),
    namedProfiles:
      named.length === 0 ? new Set() : await locked.profiles.existing(named.map(({ value }) => value)),
    objects: new Map(),
    stored: new Map(found.map((one) => [one.uniqueKey, one])),
    storedKeys,
    history: [],
  }
}

function latestOf(stored: StoredObject, keys: readonly HeldKey[]): LatestObject {
  const { profile, contentHash, sourceTime, object } = stored
  return { profile, contentHash, sourceTime, bytes: Buffer.byteLength(object), keys }
}

/** Adds the profiles that are there. */
export async function loadProfiles(
  locked: LockedDomain,
  batch: Batch,
  ids: readonly string[],
): Promise<void> {
  const missing = [...new Set(ids)].filter((id) => !batch.profiles.has(id))
  if (missing.length === 0) return
  for (const one of await locked.profiles.find(missing)) batch.profiles.set(one.id, workingProfile(one))
}

function workingProfile(record: ProfileRecord): WorkingProfile {
  const { id, fields, provenance, objectCount, objectBytes } = record
  return {
    id,
    fields,
    provenance,
    objectCount,
    objectBytes,
    isNew: false,
    isChanged: false,
    addedObjects: 0,
    addedBytes: 0,
  }
}

export function newProfile(id: string): WorkingProfile {
  return {
    id,
    fields: {},
    provenance: {},
    objectCount: 0,
    objectBytes: 0,
    isNew: true,
    isChanged: true,
    addedObjects: 0,
    addedBytes: 0,
  }
}

/** One statement for each table. */
export async function writeBatch(locked: LockedDomain, batch: Batch): Promise<void> {
  const { expirationDays } = batch
  const changed = [...batch.profiles.values()].filter(({ isChanged }) => isChanged)
  await locked.profiles.insert(
    changed.filter(({ isNew }) => isNew),
    expirationDays,
  )
  await locked.profiles.update(
    changed.filter(({ isNew }) => !isNew),
    expirationDays,
  )
  const numbers = await locked.objects.put([...batch.objects.values()])
  const { added, removed } = keyChanges(batch, numbers)
  await locked.keys.remove(removed)
  await locked.keys.add(added)
  await locked.journal.record(batch.history)
  await locked.journal.count({
    profiles: changed.filter(({ isNew }) => isNew).length,
    objects: changed.reduce((sum, { addedObjects }) => sum + addedObjects, 0),
    bytes: changed.reduce((sum, { addedBytes }) => sum + addedBytes, 0),
  })
}

/** Keys that objects have no longer, and those that they have now. */
function keyChanges(
  batch: Batch,
  numbers: ReadonlyMap<string, string>,
): { added: HeldKey[]; removed: HeldKey[] } {
  const added: HeldKey[] = []
  const removed: HeldKey[] = []
  for (const [uniqueKey, number] of numbers) {
    const before = batch.storedKeys.get(number) ?? []
    const now = batch.latest.get(uniqueKey)
    const wanted =
      now?.keys.map(({ name, value }) => ({ name, value, profile: now.profile, holder: number })) ?? []
    added.push(...without(wanted, before))
    removed.push(...without(before, wanted))
  }
  return { added, removed }
}

function without(keys: readonly HeldKey[], others: readonly HeldKey[]): HeldKey[] {
  const known = new Set(others.map((key) => `${key.profile}${pairText(key)}`))
  return keys.filter((key) => !known.has(`${key.profile}${pairText(key)}`))
}
