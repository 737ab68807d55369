import type { IdentityStore } from "../../../state/profile-identity/identity-store.ts"
import type { MatchKeyRows, SharedKey } from "../../../state/profile-identity/match-keys.ts"
import type { MatchedDomain, Matching } from "../../../state/profile-identity/matchings.ts"
import type { ProfileStore } from "../../../state/profiles/profile-store.ts"
import { phoneComparison } from "../comparable-phone.ts"
import { afterMerges, replaceAllGroups } from "../found-groups.ts"
import type { MatchRules } from "../rules/match-keys.ts"
import { matchingLevel, type RuleBasedMatching } from "../rules/matching-rules.ts"
import { groupsByKeys, isTooCommon, profilesPerKeyAtMost } from "./key-groups.ts"
import { mergeByKeys } from "./rule-merges.ts"
import { keysOf, scanProfiles } from "./scan.ts"

export interface MatchParts {
  profiles: ProfileStore
  identity: IdentityStore
  /** Whether this process is to go on. */
  isWanted(): boolean
}

const sharedKeysAtOnce = 20_000
const historyAtOnce = 2_000

/** Brings one domain's matching further. True: there is more to do at once. */
export async function matchTurn(parts: MatchParts, domain: MatchedDomain): Promise<boolean> {
  const { matchings } = parts.identity
  const { configuration, newestHistory } = domain
  const rules = configuration === undefined ? undefined : (JSON.parse(configuration) as RuleBasedMatching)
  if (configuration === undefined || rules?.Enabled !== true) {
    if (domain.matching !== undefined) await matchings.end(domain.number)
    return false
  }
  const matching =
    domain.matching?.configuration === configuration
      ? domain.matching
      : await matchings.begin(domain.number, configuration, newestHistory)
  const work = {
    domain,
    matching,
    rules: { matching: rules, levels: matchingLevel(rules), comparePhone: await phoneComparison() },
    keys: parts.identity.keys(matching.number),
  }
  if (matching.status === "IN_PROGRESS") {
    await matchAll(parts, work)
    // What changed meanwhile, also by merges, is in the history.
    return parts.isWanted()
  }
  return BigInt(newestHistory) > BigInt(matching.historyRead) && (await matchChanged(parts, work))
}

interface Work {
  domain: MatchedDomain
  matching: Matching
  rules: MatchRules
  keys: MatchKeyRows
}

/** Begins at the profile where it was broken off; what comes after the scan is done anew. */
async function matchAll(parts: MatchParts, work: Work): Promise<void> {
  const { matchings, matches } = parts.identity
  const { domain, matching, rules, keys } = work
  if (!matching.isScanned) {
    const contents = await parts.profiles.read(domain.name)
    const reached = async (profile: string) => {
      await matchings.noteScanned(matching.number, profile)
      return parts.isWanted()
    }
    if (!(await scanProfiles({ contents, keys, rules, after: matching.scannedTo, reached }))) return
    await matchings.endScan(matching.number)
  }
  const shared = await allShared(keys)
  await report(parts, work, shared)
  const became = await mergeByKeys(parts.profiles, domain.name, rules, shared)
  const groups = afterMerges(groupsByKeys(shared), became)
  await replaceAllGroups(matches(domain.number, "rule"), groups)
  await matchings.activate(matching.number)
}

async function allShared(keys: MatchKeyRows): Promise<SharedKey[]> {
  const all: SharedKey[] = []
  for (let after: string | undefined; ; after = all.at(-1)?.key) {
    const page = await keys.shared({
      after,
      limit: sharedKeysAtOnce,
      countedAtMost: profilesPerKeyAtMost,
    })
    all.push(...page)
    if (page.length < sharedKeysAtOnce) return all
  }
}

/** Some of the changes that are not in the keys yet. True: there may be more. */
async function matchChanged(parts: MatchParts, work: Work): Promise<boolean> {
  const { domain, matching, rules, keys } = work
  const contents = await parts.profiles.read(domain.name)
  const history = await contents.journal.since(matching.historyRead, historyAtOnce)
  const changed = [...new Set(history.map(({ profile }) => profile))]
  await keys.replace(changed, keysOf(await contents.profiles.find(changed), rules))
  const { profiles, shared } = await reachedFrom(parts, work, changed)
  await report(parts, work, shared)
  const became = await mergeByKeys(parts.profiles, domain.name, rules, shared)
  const groups = afterMerges(groupsByKeys(shared), became)
  await parts.identity.matches(domain.number, "rule").replace(profiles, groups)
  const last = history.at(-1)
  if (last !== undefined) await parts.identity.matchings.noteHistory(matching.number, last.number)
  return history.length === historyAtOnce || became.size > 0
}

/** All profiles that are in a group with one of these now, or were, and what holds them together. */
async function reachedFrom(
  { identity }: MatchParts,
  { domain, keys }: Work,
  changed: readonly string[],
): Promise<{ profiles: string[]; shared: SharedKey[] }> {
  const matches = identity.matches(domain.number, "rule")
  const shared = new Map<string, SharedKey>()
  const profiles = new Set(changed)
  for (let fresh = [...changed]; fresh.length > 0; ) {
    const found = await keys.sharedBy(fresh, profilesPerKeyAtMost)
    for (const one of found) shared.set(one.key, one)
    const near = found.filter((key) => !isTooCommon(key)).flatMap((key) => key.profiles)
    fresh = [...new Set([...near, ...(await matches.membersWith(fresh))])].filter((id) => !profiles.has(id))
    for (const id of fresh) profiles.add(id)
  }
  return { profiles: [...profiles], shared: [...shared.values()] }
}

/** Each key once: a dead letter says which level is passed over for whom. */
async function report({ profiles }: MatchParts, work: Work, shared: readonly SharedKey[]): Promise<void> {
  const { domain, rules, keys } = work
  const common = new Map(shared.filter(isTooCommon).map((one) => [one.key, one]))
  if (common.size === 0) return
  const fresh = await keys.notReported([...common.keys()])
  const { journal } = await profiles.read(domain.name)
  await journal.bury(
    fresh.flatMap((key) => {
      const { level = 0, profiles: ids = [] } = common.get(key) ?? {}
      const message = `More than ${profilesPerKeyAtMost} profiles agree in the attributes of rule level ${level}; the level is passed over for them.`
      const object = {
        RuleLevel: level,
        Rule: rules.matching.MatchingRules?.[level - 1]?.Rule ?? [],
        ProfileId: ids[0],
      }
      return [
        {
          objectType: "_profile",
          integrationUri: undefined,
          reason: "matchTooCommon",
          message,
          object: JSON.stringify(object),
        },
      ]
    }),
  )
}
