import type { MatchRows, NewMatch } from "../../state/profile-identity/matches.ts"

/** What is done with the groups that a matching has found. */

const groupsAtOnce = 2_000
/** More would hold the domain's lock for too long. */
const profilesAtOnce = 2_000

/** Groups of the profiles that are left. @param became for each profile that is gone the one that it became part of */
export function afterMerges(groups: readonly NewMatch[], became: ReadonlyMap<string, string>): NewMatch[] {
  return groups.flatMap((group) => {
    const profileIds = [...new Set(group.profileIds.map((id) => became.get(id) ?? id))].sort()
    return profileIds.length < 2 ? [] : [{ ...group, profileIds }]
  })
}

/** Whoever reads meanwhile sees some of them. */
export async function replaceAllGroups(
  rows: Pick<MatchRows, "removeAll" | "replace">,
  groups: readonly NewMatch[],
): Promise<void> {
  await rows.removeAll()
  for (let at = 0; at < groups.length; at += groupsAtOnce)
    await rows.replace([], groups.slice(at, at + groupsAtOnce))
}

/** Groups that are merged in one transaction, each whole. */
export function* slicesOf<G extends Pick<NewMatch, "profileIds">>(groups: readonly G[]): Generator<G[]> {
  let slice: G[] = []
  let profiles = 0
  for (const group of groups) {
    if (slice.length > 0 && profiles + group.profileIds.length > profilesAtOnce) {
      yield slice
      slice = []
      profiles = 0
    }
    slice.push(group)
    profiles += group.profileIds.length
  }
  if (slice.length > 0) yield slice
}
