import type { SharedKey } from "../../../state/profile-identity/match-keys.ts"
import type { ProfileStore } from "../../../state/profiles/profile-store.ts"
import type { ProfileRecord } from "../../../state/profiles/records.ts"
import { slicesOf } from "../found-groups.ts"
import { mergeable, mergeProfiles, type ProfileMerge } from "../merge/merge-profiles.ts"
import { mainOf, type Resolution } from "../merge/merged-fields.ts"
import { resolutionOf } from "../merge/resolution.ts"
import { type MatchRules, matchKeysOf } from "../rules/match-keys.ts"
import { mergingLevel } from "../rules/matching-rules.ts"
import { groupsByKeys, isTooCommon } from "./key-groups.ts"

export const ruleMatcher = "rule-based matching"

/**
 * Merges profiles that have keys of a level for merging in common.
 *
 * @returns for each profile that is gone the one that it became part of
 */
export async function mergeByKeys(
  store: ProfileStore,
  domain: string,
  { matching, comparePhone }: MatchRules,
  shared: readonly SharedKey[],
): Promise<Map<string, string>> {
  const rules = { matching, comparePhone, levels: mergingLevel(matching) }
  const keys = shared.filter((key) => key.level <= rules.levels && !isTooCommon(key))
  const became = new Map<string, string>()
  for (const groups of slicesOf(groupsByKeys(keys))) {
    const profiles = groups.flatMap(({ profileIds }) => profileIds)
    const work = { rules, known: new Set(keys.map(({ key }) => key)), profiles }
    for (const [from, to] of await mergeSome(store, domain, work)) became.set(from, to)
  }
  return became
}

interface MergeWork {
  /** Up to the level for merging. */
  rules: MatchRules
  /** Keys that are not too common. */
  known: ReadonlySet<string>
  profiles: readonly string[]
}

/** Under the domain's lock profiles are matched once more, by the keys that are known: they may have changed since. */
async function mergeSome(
  store: ProfileStore,
  domain: string,
  { rules, known, profiles }: MergeWork,
): Promise<[string, string][]> {
  return await store.change(domain, async (locked) => {
    const records = new Map((await locked.profiles.find(profiles)).map((record) => [record.id, record]))
    const resolution = await resolutionOf(locked, rules.matching.ConflictResolution)
    const merges = groupsByKeys(sharedNow([...records.values()], rules, known)).map(({ profileIds }) =>
      mergeOf(
        profileIds.flatMap((id) => records.get(id) ?? []),
        resolution,
      ),
    )
    await mergeProfiles(locked, merges, ruleMatcher)
    return merges.flatMap(({ main, others }) => others.map((other): [string, string] => [other, main]))
  })
}

function sharedNow(
  records: readonly ProfileRecord[],
  rules: MatchRules,
  known: ReadonlySet<string>,
): SharedKey[] {
  const shared = new Map<string, SharedKey>()
  for (const { id, fields } of records)
    for (const { key, level } of matchKeysOf(fields, rules)) {
      if (!known.has(key)) continue
      const one = shared.get(key) ?? { key, level, profiles: [] }
      one.profiles.push(id)
      shared.set(key, one)
    }
  return [...shared.values()].filter(({ profiles }) => profiles.length > 1)
}

function mergeOf(records: readonly ProfileRecord[], resolution: Resolution): ProfileMerge {
  const main = mainOf(records.map(mergeable))
  if (main === undefined) throw new Error("a group has profiles")
  const others = records.map(({ id }) => id).filter((id) => id !== main.id)
  return { main: main.id, others, resolution }
}
