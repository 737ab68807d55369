import type { Caller } from "../../control-plane/control-plane.ts"
import { requireReader } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { IdentityJob } from "../../state/profile-identity/jobs.ts"
import { type AutoMerging, consolidate, mistakesInAutoMerging } from "../identity/batch/consolidation.ts"
import { phoneComparison } from "../identity/comparable-phone.ts"
import { mergeable } from "../identity/merge/merge-profiles.ts"
import { resolutionOf } from "../identity/merge/resolution.ts"
import { type PageAsked, type PageFound, type ProfilePlane, pageFound } from "./context.ts"

/** A job, and the JSON text of its domain's Matching. @throws Fault accessDenied, resourceNotFound */
export async function findIdentityJob(
  { store, identity }: ProfilePlane,
  caller: Caller,
  { domain: name, id }: { domain: string; id: string },
): Promise<{ job: IdentityJob; matching: string | undefined }> {
  requireReader(caller, "read identity resolution jobs")
  const { domain } = await store.read(name)
  const job = await identity.jobs.find(domain.number, id)
  if (job === undefined)
    throw new Fault("resourceNotFound", `Domain ${name} has no identity resolution job ${id}.`)
  return { job, matching: domain.matching }
}

/** Newest first. @throws Fault accessDenied, resourceNotFound */
export async function listIdentityJobs(
  { store, identity }: ProfilePlane,
  caller: Caller,
  { domain, after, limit }: PageAsked & { domain: string },
): Promise<PageFound<IdentityJob>> {
  requireReader(caller, "read identity resolution jobs")
  const { number } = (await store.read(domain)).domain
  const passed = Number(after ?? 0)
  const found = await identity.jobs.list(number, { after: passed, limit: limit + 1 })
  return pageFound(found, limit, () => String(passed + limit))
}

/** Groups of which a preview tells. */
const sampleSize = 1_000

/** What merging with these settings would do to a sample of the groups that the newest job found. @throws Fault accessDenied, resourceNotFound, validation */
export async function previewMerging(
  { store, identity }: ProfilePlane,
  caller: Caller,
  { domain, merging }: { domain: string; merging: AutoMerging },
): Promise<{ matches: number; profiles: number; merged: number }> {
  requireReader(caller, "preview merges of profiles")
  const mistakes = mistakesInAutoMerging(merging)
  if (mistakes.length > 0) throw new Fault("validation", mistakes.join(" "))
  const contents = await store.read(domain)
  const least = merging.MinAllowedConfidenceScoreForMerging ?? 0
  const groups = await identity
    .matches(contents.domain.number, "batch")
    .list({ after: undefined, limit: sampleSize })
  const ids = groups.flatMap(({ profileIds }) => profileIds)
  const records = new Map((await contents.profiles.find(ids)).map((record) => [record.id, mergeable(record)]))
  const how = {
    lists: merging.Consolidation?.MatchingAttributesList ?? [],
    resolution: await resolutionOf(contents, merging.ConflictResolution),
    comparePhone: await phoneComparison(),
  }
  const plans = groups
    .filter(({ confidence = 0 }) => confidence >= least)
    .flatMap(({ profileIds }) =>
      consolidate(
        profileIds.flatMap((id) => records.get(id) ?? []),
        how,
      ),
    )
  const merged = plans.reduce((sum, plan) => sum + plan.merged.length, 0)
  return { matches: groups.length, profiles: records.size, merged }
}
