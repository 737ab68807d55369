import type { CopyOptions, ObjectPlace } from "../../domain/copy.ts"
import { type CopyJob, copyJobsAtMost } from "../../domain/copy-job.ts"
import { Fault } from "../../domain/faults.ts"
import type { CopyDestination } from "../../loading/copy-target.ts"
import type { NewCopyJob } from "../../state/copy-jobs.ts"
import type { Caller } from "../control-plane.ts"
import { requireBucket } from "./buckets.ts"
import type { CopyPlane } from "./copy-files.ts"
import type { JobRunner } from "./job-runner.ts"

export interface CreateJobInput {
  name: string
  targetArn: string
  destination: CopyDestination
  from: ObjectPlace
  iamRole: string
  statement: string
  options: CopyOptions
  isAuto: boolean
  includesExisting: boolean
}

export interface ShownJob extends CopyJob {
  isActive: boolean
  /** What statements call its database. */
  shownDatabase: string
}

/** The statements about jobs. Every method may throw Fault and Problem. */
export interface CopyJobs {
  create(caller: Caller, input: CreateJobInput): Promise<CopyJob>
  setAuto(caller: Caller, name: string, isAuto: boolean): Promise<void>
  /** Resolves when all that was there is loaded. */
  run(caller: Caller, name: string): Promise<void>
  drop(caller: Caller, name: string): Promise<void>
  /** The caller's own, or everybody's to an administrator. */
  list(caller: Caller): Promise<ShownJob[]>
  show(caller: Caller, name: string): Promise<ShownJob>
}

/** `runners`: one for each warehouse of the configuration that files are loaded into. */
export function newCopyJobs(plane: CopyPlane, runners: readonly JobRunner[]): CopyJobs {
  const { store } = plane
  const runnerOf = ({ targetArn }: Pick<CopyJob, "targetArn">) =>
    runners.find((one) => one.plane.targetArn === targetArn)

  async function mine(caller: Caller, name: string): Promise<CopyJob> {
    const found = await store.copyJobs.byName(name)
    // Somebody else's job is not told apart from none.
    if (found !== undefined && (caller.role === "admin" || found.owner === caller.name)) return found
    throw new Fault("resourceNotFound", `copy job "${name}" does not exist`)
  }

  /** Its warehouse may be gone from the configuration. */
  async function shown(job: CopyJob): Promise<ShownJob> {
    const runner = runnerOf(job)
    const isActive = (await runner?.isActive(job)) ?? false
    return { ...job, isActive, shownDatabase: runner?.plane.shown(job.database) ?? job.database }
  }

  return {
    async create(caller, input) {
      requireBucket(plane, caller, input.from)
      const runner = runnerOf(input)
      if (runner === undefined) throw new Fault("validation", "files are not loaded into this warehouse")
      const job = await store.copyJobs.add(newJob(caller, runner.plane.host, input), copyJobsAtMost)
      if (job === "taken") throw new Fault("integrationExists", `copy job "${input.name}" already exists`)
      if (job === "full") throw tooMany()
      runnerOf(job)?.nudge()
      return job
    },
    async setAuto(caller, name, isAuto) {
      const job = await mine(caller, name)
      await store.copyJobs.setAuto(job.id, isAuto)
      runnerOf(job)?.nudge()
    },
    async run(caller, name) {
      const job = await mine(caller, name)
      const runner = runnerOf(job)
      if (runner === undefined || !(await runner.isActive(job)))
        throw new Fault(
          "integrationInWrongState",
          `copy job "${name}" is inactive: no active integration brings bucket ${job.bucket} here`,
        )
      if (!runner.isHere(job)) throw elsewhere(name)
      await runner.runNow(job)
    },
    async drop(caller, name) {
      const job = await mine(caller, name)
      await store.copyJobs.remove(job.id)
      runnerOf(job)?.nudge()
      const runner = runnerOf(job)
      // No job will have its number: what another host's files know of it harms nobody.
      if (runner?.isHere(job) === true) await runner.plane.copies.forget(job.database, job.id)
    },
    async list(caller) {
      const jobs = await store.copyJobs.all()
      return Promise.all(
        jobs.filter(({ owner }) => caller.role === "admin" || owner === caller.name).map(shown),
      )
    },
    show: async (caller, name) => shown(await mine(caller, name)),
  }
}

function tooMany(): Fault {
  return new Fault("quotaExceeded", `there are ${copyJobsAtMost} copy jobs, which is the most there may be`)
}

function elsewhere(name: string): Fault {
  return new Fault(
    "integrationInWrongState",
    `copy job "${name}" loads into files of another host: run it on the SQL port there`,
  )
}

function newJob(
  caller: Caller,
  host: string | undefined,
  { destination, from, iamRole, ...input }: CreateJobInput,
): NewCopyJob {
  const { database, schema, table, columns } = destination
  const { name, targetArn, statement, options, isAuto, includesExisting } = input
  const told = { name, targetArn, statement, options, isAuto, includesExisting }
  return {
    ...told,
    ...from,
    database,
    schema,
    table,
    columns: columns && [...columns],
    owner: caller.name,
    iamRole,
    host,
  }
}
