import type { MatchKeyRows, ProfileMatchKey } from "../../../state/profile-identity/match-keys.ts"
import type { DomainContents } from "../../../state/profiles/profile-store.ts"
import type { ProfileRecord } from "../../../state/profiles/records.ts"
import { type MatchRules, matchKeysOf } from "../rules/match-keys.ts"

const profilesAtOnce = 5_000

export interface Scan {
  contents: Pick<DomainContents, "profiles">
  keys: Pick<MatchKeyRows, "add">
  rules: MatchRules
  /** Profiles up to this one have their keys. */
  after: string | undefined
  /** Told how far it is; false: somebody else goes on. */
  reached(profile: string): Promise<boolean>
}

/** Gives every profile its keys. The next profiles are read while the keys of those before are written. False: it was broken off. */
export async function scanProfiles({ contents, keys, rules, after, reached }: Scan): Promise<boolean> {
  const read = (from: string | undefined) => contents.profiles.list({ after: from, limit: profilesAtOnce })
  let page = await read(after)
  while (page.length > 0) {
    const last = page.at(-1)?.id
    const [next] = await Promise.all([read(last), keys.add(keysOf(page, rules))])
    if (last !== undefined && !(await reached(last))) return false
    page = next
  }
  return true
}

export function keysOf(
  profiles: readonly Pick<ProfileRecord, "id" | "fields">[],
  rules: MatchRules,
): ProfileMatchKey[] {
  return profiles.flatMap(({ id, fields }) =>
    matchKeysOf(fields, rules).map(({ key, level }) => ({ profile: id, key, level })),
  )
}
