import type { CopyJob } from "../../domain/copy-job.ts"
import { Problem } from "../../domain/problems.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { ReconcilerLog } from "../log.ts"
import { sourceOfBucket } from "./buckets.ts"
import { firstOf, isMeant, type JobQueue, newJobQueue, type QueuedObject } from "./job-queue.ts"
import { type JobPlane, loadForJob, unknownOf } from "./load-job.ts"

/** A job as its runner has it. */
export interface JobState {
  job: CopyJob
  queue: JobQueue
  /** Objects at hand, also while they wait for another attempt. */
  current: readonly QueuedObject[]
  needsListing: boolean
  listedAtMs: number
  busy: Promise<void> | undefined
  failures: number
  retryAtMs: number
}

/** On whose behalf a job is worked on. */
export interface Runner {
  /** Asked before each batch. */
  mayGoOn(): boolean
  /** Of the runner; see JobRun. */
  generation(): number
  signal: AbortSignal
}

const batchFiles = 500
const batchBytes = 32 * 2 ** 20
const longestPauseMs = 60_000

export function newJobState(job: CopyJob): JobState {
  return {
    job,
    queue: newJobQueue(),
    current: [],
    needsListing: true,
    listedAtMs: Number.NEGATIVE_INFINITY,
    busy: undefined,
    failures: 0,
    retryAtMs: 0,
  }
}

/** What is done for one job after another: loading what events told, and what listings find. */
export interface JobWork {
  isListingDue(state: JobState): boolean
  /** All there is to load now. @throws Problem */
  run(state: JobState, by: Runner): Promise<void>
  /** What is due: the queue, and a listing if its time has come. @throws Problem */
  runDue(state: JobState, by: Runner): Promise<void>
  /** Notes what went wrong, once for each message, and when to try again. */
  failed(state: JobState, error: unknown, by: Runner): Promise<void>
}

export function newJobWork(plane: JobPlane, log: ReconcilerLog): JobWork {
  return {
    isListingDue: (state) => isListingDue(plane, state),
    async run(state, by) {
      await drain(plane, state, by)
      await listAndLoad(plane, state, by)
      await worked(plane, state)
    },
    async runDue(state, by) {
      await drain(plane, state, by)
      if (state.needsListing || isListingDue(plane, state)) await listAndLoad(plane, state, by)
      await worked(plane, state)
    },
    async failed(state, error, by) {
      state.retryAtMs = performance.now() + Math.min(longestPauseMs, 500 * 2 ** state.failures++)
      if (by.signal.aborted) return
      const { job } = state
      // Another process runs it now, which says how it is; or it was dropped.
      if (error instanceof TakenOver) return log.info({ job: job.name }, "copy job has a newer runner")
      const problem =
        error instanceof Problem
          ? error
          : new Problem("internal", `The job ${job.name} failed.`, { cause: error })
      if (!(await noteProblem(plane, state, problem))) return
      const cause = problem.cause instanceof Error ? problem.cause.message.split("\n", 1)[0] : undefined
      log.warn({ job: job.name, reason: problem.message, cause }, "copy job waits to try again")
      const said = { jobId: job.id, jobName: job.name, database: plane.shown(job.database) }
      await plane.store.copyJobs.say({ ...said, message: problem.message })
    },
  }
}

async function drain(plane: JobPlane, state: JobState, by: Runner): Promise<void> {
  while (state.queue.size > 0 && by.mayGoOn()) {
    const taken = state.queue.take(batchFiles, batchBytes)
    try {
      await load(plane, state, { objects: taken, by })
    } catch (error) {
      state.queue.putBack(taken)
      throw error
    }
  }
}

async function listAndLoad(plane: JobPlane, state: JobState, by: Runner): Promise<void> {
  const { job } = state
  state.needsListing = false
  state.listedAtMs = performance.now()
  try {
    const source = sourceOfBucket(plane, job.bucket)
    if (source === undefined)
      throw new Problem("sourceMissing", `The configuration no longer names the bucket ${job.bucket}.`)
    for await (const page of plane.openBucket(source).list(job.prefix, by.signal)) {
      const enqueuedAt = new Date()
      const meant = page.filter((object) => isMeant(job, object))
      await load(plane, state, { objects: meant.map((object) => ({ ...object, enqueuedAt })), by })
      // What an event has told meanwhile need not wait for the end of a long listing.
      await drain(plane, state, by)
    }
  } catch (error) {
    state.needsListing = true
    throw error
  }
}

async function load(
  plane: JobPlane,
  state: JobState,
  { objects, by }: { objects: readonly QueuedObject[]; by: Runner },
): Promise<void> {
  const run = { job: state.job.id, generation: by.generation() }
  let rest = await unknownOf(plane, state.job, objects, run)
  while (rest.length > 0 && by.mayGoOn()) {
    state.current = rest
    const batch = firstOf(rest, batchFiles, batchBytes)
    await loadForJob(plane, state.job, batch, { signal: by.signal, run })
    rest = rest.slice(batch.length)
  }
  state.current = []
}

async function worked(plane: JobPlane, state: JobState): Promise<void> {
  state.failures = 0
  await noteProblem(plane, state, undefined)
}

/** It is in the state database, where every process sees it. Answers whether it is news. */
async function noteProblem(
  plane: JobPlane,
  { job }: JobState,
  problem: Problem | undefined,
): Promise<boolean> {
  if (job.problem?.message === problem?.message) return false
  await plane.store.copyJobs.setProblem(job.id, problem)
  job.problem = problem
  return true
}

function isListingDue(plane: JobPlane, { job, listedAtMs }: JobState): boolean {
  const everyMs = sourceOfBucket(plane, job.bucket)?.bucket?.listEveryMs
  return everyMs !== undefined && performance.now() - listedAtMs >= everyMs
}
