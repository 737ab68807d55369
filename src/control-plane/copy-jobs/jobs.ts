import type { CopyOptions, ObjectPlace } from "../../domain/copy.ts"
import { type CopyJob, copyJobsAtMost } from "../../domain/copy-job.ts"
import { Fault } from "../../domain/faults.ts"
import type { CopyDestination } from "../../loading/copy-target.ts"
import type { Caller } from "../control-plane.ts"
import { requireBucket } from "./buckets.ts"
import type { JobRunner } from "./job-runner.ts"
import type { JobPlane } from "./load-job.ts"

export interface CreateJobInput {
  name: string
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

export function newCopyJobs(plane: JobPlane, runner: JobRunner, warehouseArn: string): CopyJobs {
  const { store } = plane

  async function mine(caller: Caller, name: string): Promise<CopyJob> {
    const found = await store.copyJobs.byName(name)
    // Somebody else's job is not told apart from none.
    if (found !== undefined && (caller.role === "admin" || found.owner === caller.name)) return found
    throw new Fault("resourceNotFound", `copy job "${name}" does not exist`)
  }

  const shown = async (job: CopyJob): Promise<ShownJob> => ({ ...job, isActive: await runner.isActive(job) })

  return {
    async create(caller, { destination, from, iamRole, ...input }) {
      requireBucket(plane, caller, from)
      const { database, schema, table, columns } = destination
      const job = await store.copyJobs.add(
        {
          ...input,
          ...from,
          targetArn: warehouseArn,
          database,
          schema,
          table,
          columns: columns && [...columns],
          owner: caller.name,
          iamRole,
        },
        copyJobsAtMost,
      )
      if (job === "taken") throw new Fault("integrationExists", `copy job "${input.name}" already exists`)
      if (job === "full")
        throw new Fault(
          "quotaExceeded",
          `there are ${copyJobsAtMost} copy jobs, which is the most there may be`,
        )
      runner.nudge()
      return job
    },
    async setAuto(caller, name, isAuto) {
      await store.copyJobs.setAuto((await mine(caller, name)).id, isAuto)
      runner.nudge()
    },
    async run(caller, name) {
      const job = await mine(caller, name)
      if (!(await runner.isActive(job)))
        throw new Fault(
          "integrationInWrongState",
          `copy job "${name}" is inactive: no active integration brings bucket ${job.bucket} here`,
        )
      await runner.runNow(job)
    },
    async drop(caller, name) {
      const job = await mine(caller, name)
      await store.copyJobs.remove(job.id)
      runner.nudge()
      await plane.copies.forget(job.database, job.id)
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
