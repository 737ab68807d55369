import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { LockedDomain } from "../../state/profiles/profile-store.ts"
import type { ProfileRecord } from "../../state/profiles/records.ts"
import { type MergeableProfile, mergedValues, type Resolution } from "../identity/merge/merged-fields.ts"
import type { ProfilePlane } from "./context.ts"
import { noProfile, replaceOwnKeys } from "./profiles.ts"

/** At most in one call. */
const mergedAtMost = 20

export interface MergeInput {
  domain: string
  main: string
  others: readonly string[]
  resolution: Resolution
}

/**
 * Makes one profile of several: objects and keys move to the main one, the others are gone. Nothing undoes it.
 *
 * @throws Fault accessDenied, validation, resourceNotFound
 */
export async function mergeProfiles(plane: ProfilePlane, caller: Caller, input: MergeInput): Promise<void> {
  requireAdmin(caller, "merge profiles")
  const others = [...new Set(input.others)]
  if (others.length > mergedAtMost)
    throw new Fault("validation", `At most ${mergedAtMost} profiles are merged at once.`)
  if (others.includes(input.main))
    throw new Fault("validation", "MainProfileId is among ProfileIdsToBeMerged.")
  await plane.store.change(input.domain, (locked) => mergeInto(locked, { ...input, others }, caller.name))
}

/** As `mergeProfiles`, in a transaction that somebody has opened, by whatever rule. @throws Fault resourceNotFound */
export async function mergeInto(
  locked: LockedDomain,
  { main, others, resolution }: Omit<MergeInput, "domain">,
  performedBy: string,
): Promise<void> {
  const found = new Map((await locked.profiles.find([main, ...others])).map((one) => [one.id, one]))
  const required = (id: string) => {
    const one = found.get(id)
    if (one === undefined) throw noProfile(locked.domain.name, id)
    return one
  }
  const kept = required(main)
  const values = mergedValues(
    mergeable(kept),
    others.map((id) => mergeable(required(id))),
    resolution,
  )
  const profile = {
    id: main,
    fields: Object.fromEntries([...values].map(([path, { value }]) => [path, value])),
    provenance: Object.fromEntries(
      [...values].map(([path, { source, atMs }]) => [path, [source, atMs] as const]),
    ),
  }
  await locked.keys.move(others, main)
  const moved = await locked.objects.move(others, main)
  await locked.profiles.remove(others)
  const written = { ...profile, addedObjects: moved.objects, addedBytes: moved.bytes }
  await locked.profiles.update([written], locked.domain.defaultExpirationDays)
  await replaceOwnKeys(locked, profile)
  await locked.journal.record([
    { profile: main, action: "MERGED", performedBy },
    ...others.map((one) => ({ profile: one, action: "DELETED_BY_MERGE", performedBy }) as const),
  ])
  await locked.journal.count({ profiles: -others.length, objects: 0, bytes: 0 })
}

function mergeable({ id, createdAt, fields, provenance }: ProfileRecord): MergeableProfile {
  const values = Object.entries(fields).map(([path, value]) => {
    const [source, atMs] = provenance[path] ?? [0, createdAt.getTime()]
    return [path, { value, source, atMs }] as const
  })
  return { id, createdAtMs: createdAt.getTime(), values: new Map(values) }
}
