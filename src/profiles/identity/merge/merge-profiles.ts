import { Fault } from "../../../domain/faults.ts"
import { moveBelongings } from "../../../state/profile-identity/merges.ts"
import type { LockedDomain } from "../../../state/profiles/profile-store.ts"
import type { HistoryEntry, ProfileRecord } from "../../../state/profiles/records.ts"
import { profileOccurrence, publishEvents } from "../../events/publish.ts"
import { type MergeableProfile, mergedValues, type Resolution, type SourcedValue } from "./merged-fields.ts"

/** Profiles that become one, and how. */
export interface ProfileMerge {
  main: string
  others: readonly string[]
  resolution: Resolution
}

/**
 * Merges profiles: objects and keys go to the main one, which gets their values; the others are deleted. Nothing undoes it. Some
 * statements, however many merges there are. A profile is in one of the merges at most.
 *
 * @param performedBy for the history: an access key, or what merges by itself
 * @throws Fault resourceNotFound: one of the profiles is not there, and nothing is changed
 */
export async function mergeProfiles(
  locked: LockedDomain,
  merges: readonly ProfileMerge[],
  performedBy: string,
): Promise<ProfileRecord[]> {
  const ids = merges.flatMap(({ main, others }) => [main, ...others])
  if (ids.length === 0) return []
  const found = new Map((await locked.profiles.find(ids)).map((record) => [record.id, record]))
  const of = (id: string) => found.get(id) ?? noProfile(locked, id)
  const merged = merges.map(({ main, others, resolution }) => {
    const values = mergedValues(mergeable(of(main)), others.map(of).map(mergeable), resolution)
    return { ...of(main), ...stateOf(values) }
  })
  await write(locked, merges, merged)
  await locked.journal.record(merges.flatMap((merge) => historyOf(merge, performedBy)))
  await publishEvents(locked, {
    isRealTime: true,
    occurrences: () => [
      ...merged.map(({ id, fields }) => profileOccurrence("MERGED", id, fields)),
      ...merges.flatMap(({ others }) =>
        others.map((id) => profileOccurrence("DELETED", id, found.get(id)?.fields ?? {})),
      ),
    ],
  })
  return merged
}

async function write(
  locked: LockedDomain,
  merges: readonly ProfileMerge[],
  merged: readonly ProfileRecord[],
): Promise<void> {
  const moves = merges.flatMap(({ main, others }) => others.map((from) => ({ from, to: main })))
  const moved = await moveBelongings(locked, moves)
  const writes = merged.map(({ id, fields, provenance }) => ({
    id,
    fields,
    provenance,
    addedObjects: moved.get(id)?.objects ?? 0,
    addedBytes: moved.get(id)?.bytes ?? 0,
  }))
  await locked.profiles.update(writes, locked.domain.defaultExpirationDays)
  await locked.profiles.remove(moves.map(({ from }) => from))
  await locked.journal.count({ profiles: -moves.length, objects: 0, bytes: 0 })
}

export function mergeable({ id, createdAt, fields, provenance }: ProfileRecord): MergeableProfile {
  const values = Object.entries(fields).map(([path, value]): [string, SourcedValue] => {
    const [source, atMs] = provenance[path] ?? [0, createdAt.getTime()]
    return [path, { value, source, atMs }]
  })
  return { id, createdAtMs: createdAt.getTime(), values: new Map(values) }
}

function stateOf(values: ReadonlyMap<string, SourcedValue>): Pick<ProfileRecord, "fields" | "provenance"> {
  const all = [...values]
  return {
    fields: Object.fromEntries(all.map(([path, { value }]) => [path, value])),
    provenance: Object.fromEntries(all.map(([path, { source, atMs }]) => [path, [source, atMs] as const])),
  }
}

function historyOf({ main, others }: ProfileMerge, performedBy: string): HistoryEntry[] {
  return [
    { profile: main, action: "MERGED", performedBy },
    ...others.map((profile): HistoryEntry => ({ profile, action: "DELETED_BY_MERGE", performedBy })),
  ]
}

function noProfile({ domain }: LockedDomain, id: string): never {
  throw new Fault("resourceNotFound", `Domain ${domain.name} has no profile ${id}.`)
}
