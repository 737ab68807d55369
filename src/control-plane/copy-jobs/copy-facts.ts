import type { CopyJob } from "../../domain/copy-job.ts"
import type { IntegrationStatus } from "../../domain/integration.ts"
import type { RecordedLoadRun } from "../../state/copy/load-runs.ts"
import type { CopyJobMessage } from "../../state/copy-jobs.ts"
import type { RecordedLoadError } from "../../state/load-errors.ts"
import { bucketOfArn } from "./buckets.ts"
import type { CopyPlane } from "./copy-files.ts"
import type { JobRunner } from "./job-runner.ts"

/** What the cloud's system views of COPY show. */
export interface CopyFacts {
  copyJobs: (CopyJob & Shown & { integration: { arn: string; status: IntegrationStatus } | undefined })[]
  copyFiles: CopyFileFacts[]
  copyMessages: CopyJobMessage[]
  loadErrors: RecordedLoadError[]
  loadRuns: RecordedLoadRun[]
}

/** Of a job: what statements call its database. */
interface Shown {
  shownDatabase: string
}

export interface CopyFileFacts {
  job: CopyJob & Shown
  key: string
  etag: string
  sizeBytes: number
  modifiedAt: Date
  enqueuedAt: Date
  status: "pending" | "ingested" | "error"
}

export interface CopyFactSources {
  plane: Pick<CopyPlane, "store" | "sourceEngines">
  /** One for each warehouse. */
  runners: readonly Pick<JobRunner, "pending" | "isHere" | "plane">[]
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
export async function copyFacts(sources: CopyFactSources, kinds: ReadonlySet<string>): Promise<CopyFacts> {
  const { store } = sources.plane
  return {
    copyJobs: kinds.has("copyJobs") ? await jobsOf(sources) : [],
    copyFiles: kinds.has("copyFiles") ? await filesOf(sources) : [],
    copyMessages: kinds.has("copyMessages") ? await store.copyJobs.messages() : [],
    loadErrors: kinds.has("loadErrors") ? await store.loadErrors.all() : [],
    loadRuns: kinds.has("loadRuns") ? await store.loadRuns.all() : [],
  }
}

async function jobsOf(sources: CopyFactSources): Promise<CopyFacts["copyJobs"]> {
  const { store } = sources.plane
  const integrations = await store.integrations.all()
  return (await store.copyJobs.all()).map((job) => ({
    ...job,
    shownDatabase: shownDatabase(sources, job),
    integration: integrations.find(
      ({ sourceArn, targetArn }) =>
        targetArn === job.targetArn && bucketOfArn(sources.plane, sourceArn) === job.bucket,
    ),
  }))
}

function shownDatabase({ runners }: CopyFactSources, { targetArn, database }: CopyJob): string {
  return runners.find(({ plane }) => plane.targetArn === targetArn)?.plane.shown(database) ?? database
}

async function filesOf(sources: CopyFactSources): Promise<CopyFileFacts[]> {
  const jobs = await sources.plane.store.copyJobs.all()
  const ofEach = await Promise.all(
    sources.runners.map(async (runner) => {
      const own = jobs.filter((job) => runner.isHere(job))
      const databases = [...new Set(own.map(({ database }) => database))]
      const done = await runner.plane.copies.jobFiles(databases, filesAtMost)
      const shown = (job: CopyJob) => ({ ...job, shownDatabase: runner.plane.shown(job.database) })
      return [
        ...done.flatMap(({ job: id, ...file }) => {
          const job = own.find((one) => one.id === id)
          return job === undefined ? [] : [{ ...file, job: shown(job) }]
        }),
        ...runner
          .pending()
          .map(({ job, object }) => ({ ...object, job: shown(job), status: "pending" as const })),
      ]
    }),
  )
  return ofEach.flat()
}
