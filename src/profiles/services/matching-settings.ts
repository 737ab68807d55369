import { Fault } from "../../domain/faults.ts"
import type { DomainRecord } from "../../state/profiles/records.ts"
import { type AutoMerging, mistakesInAutoMerging } from "../identity/batch/consolidation.ts"
import { mistakesInMatching, type RuleBasedMatching } from "../identity/rules/matching-rules.ts"
import type { ProfilePlane } from "./context.ts"

/** A domain that had it would wait for matches for ever. */
const noJob =
  "Matching.Enabled must be false: the weekly identity resolution job is not part of this version. RuleBasedMatching is."

interface MatchingTexts {
  /** JSON texts. */
  matching?: string | undefined
  ruleBasedMatching?: string | undefined
}

/** @throws Fault validation: something is wrong with what is asked of matching */
export function checkMatching({ matching, ruleBasedMatching }: MatchingTexts): void {
  const { Enabled: isWanted, AutoMerging: merging } =
    read<{ Enabled?: boolean; AutoMerging?: AutoMerging }>(matching) ?? {}
  const rules = read<RuleBasedMatching>(ruleBasedMatching)
  const mistakes = [
    ...(isWanted === true ? [noJob] : []),
    ...(merging === undefined ? [] : mistakesInAutoMerging(merging)),
    ...(rules === undefined ? [] : mistakesInMatching(rules)),
  ]
  if (mistakes.length > 0) throw new Fault("validation", mistakes.join(" "))
}

function read<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

export type MatchingStatus = "PENDING" | "IN_PROGRESS" | "ACTIVE"

/** How far the rule-based matching of a domain is; undefined: it has none. */
export async function matchingStatus(
  { identity }: Pick<ProfilePlane, "identity">,
  { number, ruleBasedMatching }: DomainRecord,
): Promise<MatchingStatus | undefined> {
  if (read<RuleBasedMatching>(ruleBasedMatching)?.Enabled !== true) return undefined
  const matching = await identity.matchings.find(number)
  return matching?.configuration === ruleBasedMatching ? matching?.status : "PENDING"
}

/** @throws Fault validation: the rules are just being applied to the profiles that are there */
export async function requireChangeable(
  plane: Pick<ProfilePlane, "identity">,
  domain: DomainRecord,
  wanted: string | undefined,
): Promise<void> {
  if (wanted === undefined || wanted === domain.ruleBasedMatching) return
  if ((await matchingStatus(plane, domain)) === "IN_PROGRESS")
    throw new Fault("validation", "RuleBasedMatching is IN_PROGRESS: it can be changed when it is ACTIVE.")
}
