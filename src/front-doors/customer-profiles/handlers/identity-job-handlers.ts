import type { ProfilePlane } from "../../../profiles/services/context.ts"
import {
  findIdentityJob,
  listIdentityJobs,
  previewMerging,
} from "../../../profiles/services/identity-jobs.ts"
import type { IdentityJob } from "../../../state/profile-identity/jobs.ts"
import type { RestOutputOf } from "../../../wire/rest-json/operation.ts"
import type { RestHandlers } from "../../rest-door.ts"
import type { identityJobsOperations } from "../operations/identity-jobs.ts"
import { nextToken, pageAsked } from "../pages.ts"

type Shown = RestOutputOf<(typeof identityJobsOperations)["GetIdentityResolutionJob"]>

export function identityJobHandlers(plane: ProfilePlane): RestHandlers<typeof identityJobsOperations> {
  return {
    GetIdentityResolutionJob: async ({ DomainName, JobId }, caller) => {
      const { job, matching } = await findIdentityJob(plane, caller, { domain: DomainName, id: JobId })
      // As the caller gave it, who gave it along the shape of UpdateDomain.
      const { AutoMerging } = JSON.parse(matching ?? "{}") as Pick<Shown, "AutoMerging">
      return { ...toWire(DomainName, job), AutoMerging }
    },
    ListIdentityResolutionJobs: async (asked, caller) => {
      const operation = "ListIdentityResolutionJobs"
      const page = { domain: asked.DomainName, ...pageAsked(operation, asked) }
      const { items, next } = await listIdentityJobs(plane, caller, page)
      return {
        IdentityResolutionJobsList: items.map((job) => toWire(asked.DomainName, job)),
        NextToken: nextToken(operation, next),
      }
    },
    GetAutoMergingPreview: async ({ DomainName, ...merging }, caller) => {
      const found = await previewMerging(plane, caller, {
        domain: DomainName,
        merging: { Enabled: true, ...merging },
      })
      return {
        DomainName,
        NumberOfMatchesInSample: found.matches,
        NumberOfProfilesInSample: found.profiles,
        NumberOfProfilesWillBeMerged: found.merged,
      }
    },
  }
}

function toWire(domain: string, job: IdentityJob) {
  return {
    DomainName: domain,
    JobId: job.id,
    Status: job.status,
    JobStartTime: job.startsAt,
    JobEndTime: job.endedAt,
    JobStats: {
      NumberOfProfilesReviewed: job.profilesReviewed,
      NumberOfMatchesFound: job.matchesFound,
      NumberOfMergesDone: job.mergesDone,
    },
    Message: job.message,
  }
}
