import { Fault } from "../../domain/faults.ts"
import type { DomainRecord } from "../../state/profiles/records.ts"
import { mistakesInAutoMerging } from "../identity/batch/consolidation.ts"
import type { BatchMatching } from "../identity/batch/identity-jobs.ts"
import { mistakesInMatching, type RuleBasedMatching } from "../identity/rules/matching-rules.ts"
import type { ProfilePlane } from "./context.ts"

/** Whoever waited for files would wait for ever. */
const noExport =
  "Matching.ExportingConfig is not carried out in this version: GetMatches has what the job finds."

const noLists = "AutoMerging needs Consolidation: without MatchingAttributesList nothing would be merged."

interface MatchingTexts {
  /** JSON texts. */
  matching?: string | undefined
  ruleBasedMatching?: string | undefined
}

/** @throws Fault validation: something is wrong with what is asked of matching */
export function checkMatching({ matching, ruleBasedMatching }: MatchingTexts): void {
  const { Enabled: isWanted, AutoMerging: merging, ExportingConfig } = read<BatchMatching>(matching) ?? {}
  const rules = read<RuleBasedMatching>(ruleBasedMatching)
  const mergesNothing = merging?.Enabled === true && merging.Consolidation === undefined
  const mistakes = [
    ...(isWanted === true && ExportingConfig !== undefined ? [noExport] : []),
    ...(isWanted === true && mergesNothing ? [noLists] : []),
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
