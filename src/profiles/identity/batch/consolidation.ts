import type { ComparePhone } from "../comparable-phone.ts"
import { comparableText } from "../comparable-values.ts"
import { type MergeableProfile, mainOf, mergedValues, type Resolution } from "../merge/merged-fields.ts"
import { type ConflictResolution, fieldsOfTypes, mistakesInResolution } from "../rules/matching-rules.ts"

/** How a job merges the profiles of a match group, as the API names the members. */
export interface AutoMerging {
  readonly Enabled: boolean
  readonly Consolidation?: { readonly MatchingAttributesList: readonly (readonly string[])[] } | undefined
  readonly ConflictResolution?: ConflictResolution | undefined
  /** 0 to 1: groups of less confidence are left alone. */
  readonly MinAllowedConfidenceScoreForMerging?: number | undefined
}

/** Lists of attributes in the order of their priority. */
export interface Consolidation {
  lists: readonly (readonly string[])[]
  resolution: Resolution
  comparePhone: ComparePhone
}

/** Profiles that become one. */
export interface MergePlan {
  main: string
  /** In the order in which they are merged. */
  merged: string[]
}

const mostLists = 10
const mostAttributes = 20
const phones: ReadonlySet<string> = new Set(fieldsOfTypes.PhoneNumber)

/** What is wrong with a configuration, one sentence each. */
export function mistakesInAutoMerging(merging: AutoMerging): string[] {
  const lists = merging.Consolidation?.MatchingAttributesList ?? []
  const least = merging.MinAllowedConfidenceScoreForMerging ?? 0
  return [
    ...(lists.length > mostLists
      ? [`MatchingAttributesList has ${lists.length} lists; at most ${mostLists}.`]
      : []),
    ...lists.flatMap((list, at) =>
      list.length >= 1 && list.length <= mostAttributes
        ? []
        : [`List ${at + 1} of MatchingAttributesList names 1 to ${mostAttributes} attributes.`],
    ),
    ...(least >= 0 && least <= 1 ? [] : ["MinAllowedConfidenceScoreForMerging is a number from 0 to 1."]),
    ...mistakesInResolution(merging.ConflictResolution),
  ]
}

/**
 * What becomes of the profiles of one match group. Each list of attributes in turn puts those together that have equal values for all of
 * them, and is applied to what the list before it left: a value that a profile lost by a merge matches no more, one that it got does.
 */
export function consolidate(
  group: readonly MergeableProfile[],
  { lists, resolution, comparePhone }: Consolidation,
): MergePlan[] {
  let unified: Unified[] = group.map((profile) => ({ profile, merged: [] }))
  for (const list of lists)
    unified = setsOf(unified, (profile) => keyOf(profile, list, comparePhone)).map((set) =>
      unite(set, resolution),
    )
  return unified
    .filter(({ merged }) => merged.length > 0)
    .map(({ profile, merged }) => ({ main: profile.id, merged }))
}

/** A profile of the group, or what some of them became. */
interface Unified {
  profile: MergeableProfile
  merged: string[]
}

function setsOf(
  unified: readonly Unified[],
  keyOf: (profile: MergeableProfile) => string | undefined,
): Unified[][] {
  const sets = new Map<string, Unified[]>()
  for (const one of unified) {
    const key = keyOf(one.profile) ?? `alone ${one.profile.id}`
    sets.set(key, [...(sets.get(key) ?? []), one])
  }
  return [...sets.values()]
}

/** Undefined: it lacks one of the values. */
function keyOf(
  { values }: MergeableProfile,
  list: readonly string[],
  comparePhone: ComparePhone,
): string | undefined {
  const held = list.map((name) => {
    const value = values.get(name)?.value
    return phones.has(name) ? comparePhone(value) : comparableText(value)
  })
  return held.includes(undefined) ? undefined : JSON.stringify(held)
}

function unite(set: readonly Unified[], resolution: Resolution): Unified {
  const [first] = set
  const main = mainOf(set.map(({ profile }) => profile))
  if (first === undefined || main === undefined || set.length === 1) return first ?? noSet()
  const others = set.filter(({ profile }) => profile !== main)
  const values = mergedValues(
    main,
    others.map(({ profile }) => profile),
    resolution,
  )
  const own = set.find(({ profile }) => profile === main)?.merged ?? []
  return {
    profile: { ...main, values },
    merged: [...own, ...others.flatMap(({ profile, merged }) => [profile.id, ...merged])],
  }
}

function noSet(): never {
  throw new Error("a set of profiles has a member")
}
