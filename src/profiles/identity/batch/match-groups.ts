import { setImmediate as nextTurn } from "node:timers/promises"
import { newGroups } from "../groups.ts"
import { blocksOf, confidenceOf, leastConfidence, type Traits } from "./confidence.ts"

/** Profiles that are probably of one person. */
export interface MatchGroup {
  /** In the order of their ids. */
  profileIds: string[]
  /** Of the weakest of the links that hold the group together, each profile by its strongest; 0 to 1. */
  confidence: number
}

/** What so many profiles have in common tells nobody apart. */
const largestBlock = 100
/** Nothing else runs in this process meanwhile. */
const atATimeMs = 20

/**
 * Compares the profiles that have something in common, and puts those together that match. No order of profiles changes the outcome.
 *
 * @param traits by profile id
 * @param isWanted asked now and then
 * @returns undefined: it was not wanted any more
 */
export async function matchGroupsOf(
  traits: ReadonlyMap<string, Traits>,
  isWanted: () => boolean,
): Promise<MatchGroup[] | undefined> {
  const links = await linksOf(traits, isWanted)
  if (links === undefined) return undefined
  const groups = newGroups<string>()
  const binding = links
    .sort((a, b) => b.confidence - a.confidence || (a.key < b.key ? -1 : 1))
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
  /** Of both ids. */
  key: string
  a: string
  b: string
  confidence: number
}

async function linksOf(
  traits: ReadonlyMap<string, Traits>,
  isWanted: () => boolean,
): Promise<Link[] | undefined> {
  const links = new Map<string, Link>()
  let sinceMs = performance.now()
  for (const ids of blocks(traits)) {
    addLinks(links, traits, ids)
    if (performance.now() - sinceMs < atATimeMs) continue
    await nextTurn()
    if (!isWanted()) return undefined
    sinceMs = performance.now()
  }
  return [...links.values()]
}

/** Profiles that have something in common. */
function blocks(traits: ReadonlyMap<string, Traits>): string[][] {
  const found = new Map<string, string[]>()
  for (const [id, own] of traits)
    for (const block of new Set(blocksOf(own))) {
      const ids = found.get(block)
      if (ids === undefined) found.set(block, [id])
      else ids.push(id)
    }
  return [...found.values()].filter(({ length }) => length > 1 && length <= largestBlock)
}

function addLinks(
  links: Map<string, Link>,
  traits: ReadonlyMap<string, Traits>,
  ids: readonly string[],
): void {
  for (const [a, b] of pairsOf(ids)) {
    const key = `${a} ${b}`
    const [one, other] = [traits.get(a), traits.get(b)]
    if (one === undefined || other === undefined || links.has(key)) continue
    const confidence = confidenceOf(one, other)
    if (confidence >= leastConfidence) links.set(key, { key, a, b, confidence })
  }
}

function* pairsOf(ids: readonly string[]): Generator<[string, string]> {
  const sorted = [...ids].sort()
  for (const [at, a] of sorted.entries()) for (const b of sorted.slice(at + 1)) yield [a, b]
}
