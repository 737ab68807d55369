import type { ComparePhone } from "../comparable-phone.ts"
import type { ProfileFields } from "../comparable-values.ts"
import { newGroups } from "../groups.ts"
import { blocksOf, confidenceOf, leastConfidence, type Traits, traitsOf } from "./confidence.ts"

/** Profiles that are probably of one person. */
export interface MatchGroup {
  /** In the order of their ids. */
  profileIds: string[]
  /** Of the weakest of the links that hold the group together, each profile by its strongest; 0 to 1. */
  confidence: number
}

export interface BatchProfile {
  id: string
  fields: ProfileFields
}

/** What so many profiles have in common tells nobody apart. */
const largestBlock = 100

/** Compares the profiles that have something in common, and puts those together that match. No order of profiles changes the outcome. */
export function matchGroupsOf(profiles: readonly BatchProfile[], comparePhone: ComparePhone): MatchGroup[] {
  const traits = new Map(profiles.map(({ id, fields }) => [id, traitsOf(fields, comparePhone)]))
  const groups = newGroups<string>()
  const binding = linksOf(traits)
    .sort((a, b) => b.confidence - a.confidence)
    .filter(({ a, b }) => groups.join([a, b]))
  const weakest = new Map<string, number>()
  for (const { a, b, confidence } of binding) {
    weakest.set(a, Math.min(confidence, weakest.get(a) ?? 1))
    weakest.set(b, Math.min(confidence, weakest.get(b) ?? 1))
  }
  return groups
    .all()
    .map((ids) => ({
      profileIds: ids.sort(),
      confidence: Math.min(...ids.map((id) => weakest.get(id) ?? 1)),
    }))
    .sort((a, b) => ((a.profileIds[0] ?? "") < (b.profileIds[0] ?? "") ? -1 : 1))
}

interface Link {
  a: string
  b: string
  confidence: number
}

function linksOf(traits: ReadonlyMap<string, Traits>): Link[] {
  const blocks = new Map<string, string[]>()
  for (const [id, own] of traits)
    for (const block of new Set(blocksOf(own))) blocks.set(block, [...(blocks.get(block) ?? []), id])
  const links = new Map<string, Link>()
  for (const ids of blocks.values()) {
    if (ids.length > largestBlock) continue
    for (const [a, b] of pairsOf(ids)) {
      const [one, other] = [traits.get(a), traits.get(b)]
      if (one === undefined || other === undefined || links.has(`${a} ${b}`)) continue
      const confidence = confidenceOf(one, other)
      if (confidence >= leastConfidence) links.set(`${a} ${b}`, { a, b, confidence })
    }
  }
  return [...links.values()]
}

function* pairsOf(ids: readonly string[]): Generator<[string, string]> {
  const sorted = [...ids].sort()
  for (const [at, a] of sorted.entries()) for (const b of sorted.slice(at + 1)) yield [a, b]
}
