import type { CopyJob } from "../../domain/copy-job.ts"
import type { IntegrationStatus } from "../../domain/integration.ts"
import type { RecordedLoadRun } from "../../state/copy/load-runs.ts"
import type { CopyJobMessage } from "../../state/copy-jobs.ts"
import type { RecordedLoadError } from "../../state/load-errors.ts"
import { bucketOfArn } from "./buckets.ts"
import type { JobRunner } from "./job-runner.ts"
import type { JobPlane } from "./load-job.ts"

/** What the cloud's system views of COPY show. */
export interface CopyFacts {
  copyJobs: (CopyJob & { integration: { arn: string; status: IntegrationStatus } | undefined })[]
  copyFiles: CopyFileFacts[]
  copyMessages: CopyJobMessage[]
  loadErrors: RecordedLoadError[]
  loadRuns: RecordedLoadRun[]
}

export interface CopyFileFacts {
  job: CopyJob
  key: string
  etag: string
  sizeBytes: number
  modifiedAt: Date
  enqueuedAt: Date
  status: "pending" | "ingested" | "error"
}

export interface CopyFactSources {
  plane: Pick<JobPlane, "store" | "copies" | "sourceEngines">
  runner: Pick<JobRunner, "pending">
}

export const noCopyFacts: CopyFacts = {
  copyJobs: [],
  copyFiles: [],
  copyMessages: [],
  loadErrors: [],
  loadRuns: [],
}

/** Files of jobs that are shown: the newest. */
const filesAtMost = 20_000

/** As it is now. @throws Fault unavailable, Problem */
export async function copyFacts(
  { plane, runner }: CopyFactSources,
  kinds: ReadonlySet<string>,
): Promise<CopyFacts> {
  const { store } = plane
  return {
    copyJobs: kinds.has("copyJobs") ? await jobsOf(plane) : [],
    copyFiles: kinds.has("copyFiles") ? await filesOf(plane, runner) : [],
    copyMessages: kinds.has("copyMessages") ? await store.copyJobs.messages() : [],
    loadErrors: kinds.has("loadErrors") ? await store.loadErrors.all() : [],
    loadRuns: kinds.has("loadRuns") ? await store.loadRuns.all() : [],
  }
}

async function jobsOf(plane: CopyFactSources["plane"]): Promise<CopyFacts["copyJobs"]> {
  const { store } = plane
  const integrations = await store.integrations.all()
  return (await store.copyJobs.all()).map((job) => ({
    ...job,
    integration: integrations.find(
      ({ sourceArn, targetArn }) =>
        targetArn === job.targetArn && bucketOfArn(plane, sourceArn) === job.bucket,
    ),
  }))
}

async function filesOf(
  { store, copies }: CopyFactSources["plane"],
  runner: CopyFactSources["runner"],
): Promise<CopyFileFacts[]> {
  const jobs = new Map((await store.copyJobs.all()).map((job) => [job.id, job]))
  const databases = [...new Set([...jobs.values()].map(({ database }) => database))]
  const done = await copies.jobFiles(databases, filesAtMost)
  return [
    ...done.flatMap(({ job: id, ...file }) => {
      const job = jobs.get(id)
      return job === undefined ? [] : [{ ...file, job }]
    }),
    ...runner.pending().map(({ job, object }) => ({ ...object, job, status: "pending" as const })),
  ]
}
