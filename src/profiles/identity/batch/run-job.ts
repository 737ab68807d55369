import type { IdentityStore } from "../../../state/profile-identity/identity-store.ts"
import type { IdentityJob } from "../../../state/profile-identity/jobs.ts"
import type { NewMatch } from "../../../state/profile-identity/matches.ts"
import type { ProfileStore } from "../../../state/profiles/profile-store.ts"
import { type ComparePhone, phoneComparison } from "../comparable-phone.ts"
import { afterMerges, replaceAllGroups, slicesOf } from "../found-groups.ts"
import { mergeable, mergeProfiles } from "../merge/merge-profiles.ts"
import { resolutionOf } from "../merge/resolution.ts"
import { type Traits, traitsOf } from "./confidence.ts"
import { type AutoMerging, consolidate } from "./consolidation.ts"
import { matchGroupsOf } from "./match-groups.ts"

export interface JobParts {
  profiles: ProfileStore
  identity: IdentityStore
  /** Whether this process is to go on. */
  isWanted(): boolean
}

export interface JobWork {
  /** The domain's number and name. */
  number: number
  name: string
  job: IdentityJob
  merging: AutoMerging | undefined
}

export const batchMatcher = "identity resolution job"
const profilesAtOnce = 5_000
/** Their traits are in memory, about 1 KB each. */
export const mostProfiles = 250_000

/**
 * Runs one job from its beginning, also one that was broken off: what it merged then is merged, and the rest is compared anew. Ends early,
 * with the job open, when it is not wanted any more.
 */
export async function runJob(parts: JobParts, work: JobWork): Promise<void> {
  const { jobs } = parts.identity
  const { id } = work.job
  const comparePhone = await phoneComparison()
  await jobs.progress(id, { status: "PREPROCESSING" })
  const traits = await readTraits(parts, work, comparePhone)
  if (traits === "tooMany") return await jobs.end(id, tooLarge)
  if (traits === undefined) return
  await jobs.progress(id, { status: "FIND_MATCHING", profilesReviewed: traits.size })
  const groups = await matchGroupsOf(traits, parts.isWanted)
  if (groups === undefined) return
  const found = groups.map((group): NewMatch => ({ ...group, ruleLevel: undefined }))
  const rows = parts.identity.matches(work.number, "batch")
  await replaceAllGroups(rows, found)
  await jobs.progress(id, { matchesFound: found.length })
  if (work.merging?.Enabled === true) {
    await jobs.progress(id, { status: "MERGING" })
    const became = await mergeGroups(parts, work, { found, comparePhone })
    if (!parts.isWanted()) return
    await replaceAllGroups(rows, afterMerges(found, became))
  }
  await jobs.end(id, { status: "COMPLETED" })
}

const tooLarge = {
  status: "FAILED",
  message: `The domain has more than ${mostProfiles} profiles: they are not compared by likeness. RuleBasedMatching has no such limit.`,
} as const

async function readTraits(
  { profiles, isWanted }: JobParts,
  { name }: JobWork,
  comparePhone: ComparePhone,
): Promise<Map<string, Traits> | "tooMany" | undefined> {
  const contents = await profiles.read(name)
  const traits = new Map<string, Traits>()
  for (let after: string | undefined; ; ) {
    const page = await contents.profiles.list({ after, limit: profilesAtOnce })
    for (const { id, fields } of page) traits.set(id, traitsOf(fields, comparePhone))
    if (traits.size > mostProfiles) return "tooMany"
    if (!isWanted()) return undefined
    after = page.at(-1)?.id
    if (page.length < profilesAtOnce) return traits
  }
}

interface Found {
  found: readonly NewMatch[]
  comparePhone: ComparePhone
}

/** @returns for each profile that is gone the one that it became part of */
async function mergeGroups(
  parts: JobParts,
  { name, job, merging }: JobWork,
  { found, comparePhone }: Found,
): Promise<Map<string, string>> {
  const least = merging?.MinAllowedConfidenceScoreForMerging ?? 0
  const lists = merging?.Consolidation?.MatchingAttributesList ?? []
  const became = new Map<string, string>()
  for (const slice of slicesOf(found.filter(({ confidence = 0 }) => confidence >= least))) {
    if (!parts.isWanted()) return became
    const gone = await parts.profiles.change(name, async (locked) => {
      const resolution = await resolutionOf(locked, merging?.ConflictResolution)
      const ids = slice.flatMap(({ profileIds }) => profileIds)
      const records = new Map((await locked.profiles.find(ids)).map((record) => [record.id, record]))
      // By what the profiles are now: they may have changed since they were compared.
      const plans = slice.flatMap(({ profileIds }) =>
        consolidate(profileIds.flatMap((id) => records.get(id) ?? []).map(mergeable), {
          lists,
          resolution,
          comparePhone,
        }),
      )
      const merges = plans.map(({ main, merged }) => ({ main, others: merged, resolution }))
      await mergeProfiles(locked, merges, batchMatcher)
      return plans
    })
    for (const { main, merged } of gone) for (const one of merged) became.set(one, main)
    await parts.identity.jobs.progress(job.id, { mergesDone: job.mergesDone + became.size })
  }
  return became
}
