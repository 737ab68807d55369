import type { SharedKey } from "../../../state/profile-identity/match-keys.ts"
import type { NewMatch } from "../../../state/profile-identity/matches.ts"
import { newGroups } from "../groups.ts"

/** What more profiles than these have in common is passed over at its level, and reported. (Source: the service's administrator guide.) */
export const profilesPerKeyAtMost = 500

export function isTooCommon({ profiles }: SharedKey): boolean {
  return profiles.length > profilesPerKeyAtMost
}

/** The groups of profiles that are held together by keys, directly or by others. */
export function groupsByKeys(keys: readonly SharedKey[]): NewMatch[] {
  const groups = newGroups<string>()
  const strongestFirst = keys.filter((key) => !isTooCommon(key)).sort((a, b) => a.level - b.level)
  const weakest = new Map<string, number>()
  for (const { level, profiles } of strongestFirst) {
    if (!groups.join(profiles)) continue
    for (const profile of profiles) weakest.set(profile, level)
  }
  return groups.all().map((profiles) => ({
    profileIds: profiles.sort(),
    ruleLevel: Math.max(...profiles.map((profile) => weakest.get(profile) ?? 0)),
    confidence: undefined,
  }))
}
