import { newNudgedTask } from "../../concurrency/nudged-task.ts"
import type { CopyJob } from "../../domain/copy-job.ts"
import { Problem } from "../../domain/problems.ts"
import type { ListedObject } from "../../loading/object-store.ts"
import type { ReconcilerLog } from "../log.ts"
import { bucketOfArn, sourceOfBucket } from "./buckets.ts"
import { isFolder } from "./copy-files.ts"
import { firstOf, type JobQueue, newJobQueue, type QueuedObject } from "./job-queue.ts"
import { type JobPlane, loadForJob, unknownOf } from "./load-job.ts"

export interface JobRunner {
  /** Objects that an event names; what no job waits for is ignored. */
  noticed(bucket: string, objects: readonly ListedObject[]): void
  /** Look now rather than at the next turn. */
  nudge(): void
  /** Loads all there is to load now, whether the job is automatic or not. @throws Problem */
  runNow(job: CopyJob): Promise<void>
  /** Whether the job's bucket has an integration that is active. */
  isActive(job: CopyJob): Promise<boolean>
  /** What jobs are about to load. */
  pending(): { job: CopyJob; object: QueuedObject }[]
  /** What keeps jobs of a bucket from going on. */
  problemsOf(bucket: string): Problem[]
  stop(): Promise<void>
}

export interface JobRunnerOptions {
  plane: JobPlane
  warehouseArn: string
  log: ReconcilerLog
}

interface JobState {
  job: CopyJob
  queue: JobQueue
  /** Objects at hand, also while they wait for another attempt. */
  current: readonly QueuedObject[]
  needsListing: boolean
  listedAtMs: number
  busy: Promise<void> | undefined
  problem: Problem | undefined
  failures: number
  retryAtMs: number
}

const turnEveryMs = 1_000
const jobsAtOnce = 2
const eventsAtOnce = 5_000
const batchFiles = 500
const batchBytes = 32 * 2 ** 20
const longestPauseMs = 60_000

/** Runs the automatic jobs whose bucket has an active integration. It reads what should be on a timer and when nudged. */
export function startJobRunner(options: JobRunnerOptions): JobRunner {
  const { plane, log } = options
  const states = new Map<number, JobState>()
  const ending = new AbortController()
  let active: ReadonlySet<string> = new Set()

  async function look(): Promise<void> {
    active = await activeBuckets(options)
    const jobs = await plane.store.copyJobs.all()
    for (const job of jobs) {
      const state = states.get(job.id)
      if (state === undefined) states.set(job.id, newState(job))
      else state.job = job
    }
    const ids = new Set(jobs.map(({ id }) => id))
    for (const id of states.keys()) if (!ids.has(id)) states.delete(id)
    if (jobs.length > 0 && (await takeEvents(options, states))) nudge()
    for (const state of states.values()) if (isDue(state)) begin(state)
  }

  function isDue(state: JobState): boolean {
    const { job, queue, needsListing, busy, retryAtMs } = state
    const atWork = [...states.values()].filter((one) => one.busy !== undefined).length
    if (!job.isAuto || busy !== undefined || !active.has(job.bucket) || atWork >= jobsAtOnce) return false
    return performance.now() >= retryAtMs && (queue.size > 0 || needsListing || isListingDue(state))
  }

  function isListingDue({ job, listedAtMs }: JobState): boolean {
    const everyMs = sourceOfBucket(plane, job.bucket)?.bucket?.listEveryMs
    return everyMs !== undefined && performance.now() - listedAtMs >= everyMs
  }

  function begin(state: JobState): void {
    state.busy = work(state)
      .catch((error: unknown) => failed(state, error))
      .finally(() => {
        state.busy = undefined
        nudge()
      })
  }

  async function work(state: JobState): Promise<void> {
    await drain(state)
    if (state.needsListing || isListingDue(state)) await listAndLoad(state)
    state.failures = 0
    state.problem = undefined
  }

  async function drain(state: JobState): Promise<void> {
    while (state.queue.size > 0 && !ending.signal.aborted) {
      const taken = state.queue.take(batchFiles, batchBytes)
      try {
        await load(state, taken)
      } catch (error) {
        state.queue.putBack(taken)
        throw error
      }
    }
  }

  async function listAndLoad(state: JobState): Promise<void> {
    const { job } = state
    state.needsListing = false
    state.listedAtMs = performance.now()
    try {
      const source = sourceOfBucket(plane, job.bucket)
      if (source === undefined)
        throw new Problem("sourceMissing", `The configuration no longer names the bucket ${job.bucket}.`)
      for await (const page of plane.openBucket(source).list(job.prefix, ending.signal)) {
        const enqueuedAt = new Date()
        await load(
          state,
          page.filter((object) => isMeant(job, object)).map((object) => ({ ...object, enqueuedAt })),
        )
        // What an event has told meanwhile need not wait for the end of a long listing.
        await drain(state)
      }
    } catch (error) {
      state.needsListing = true
      throw error
    }
  }

  async function load(state: JobState, objects: readonly QueuedObject[]): Promise<void> {
    let rest = await unknownOf(plane, state.job, objects)
    while (rest.length > 0 && !ending.signal.aborted) {
      state.current = rest
      const batch = firstOf(rest, batchFiles, batchBytes)
      await loadForJob(plane, state.job, batch, ending.signal)
      rest = rest.slice(batch.length)
    }
    state.current = []
  }

  async function failed(state: JobState, error: unknown): Promise<void> {
    if (ending.signal.aborted) return
    const { job } = state
    const problem =
      error instanceof Problem
        ? error
        : new Problem("internal", `The job ${job.name} failed.`, { cause: error })
    const isNews = state.problem?.message !== problem.message
    state.problem = problem
    state.retryAtMs = performance.now() + Math.min(longestPauseMs, 500 * 2 ** state.failures++)
    if (!isNews) return
    const cause = problem.cause instanceof Error ? problem.cause.message.split("\n", 1)[0] : undefined
    log.warn({ job: job.name, reason: problem.message, cause }, "copy job waits to try again")
    await plane.store.copyJobs
      .say({ jobId: job.id, jobName: job.name, database: job.database, message: problem.message })
      .catch((sayError: unknown) => log.error({ err: sayError }, "a copy job's message could not be kept"))
  }

  const turns = newNudgedTask({
    everyMs: turnEveryMs,
    work: look,
    onError: (error) => log.error({ err: error }, "looking after copy jobs failed"),
  })
  const { nudge } = turns
  nudge()
  return {
    nudge,
    noticed(bucket, objects) {
      note(states, bucket, objects)
      nudge()
    },
    async runNow(job) {
      const state = states.get(job.id) ?? newState(job)
      states.set(job.id, state)
      while (state.busy !== undefined) await state.busy
      const run = drain(state).then(() => listAndLoad(state))
      state.busy = run
        .catch(() => undefined)
        .finally(() => {
          state.busy = undefined
        })
      await run
    },
    isActive: async ({ bucket }) => (await activeBuckets(options)).has(bucket),
    pending: () =>
      [...states.values()].flatMap(({ job, queue, current }) => {
        const byKey = new Map([...current, ...queue.all()].map((object) => [object.key, object]))
        return [...byKey.values()].map((object) => ({ job, object }))
      }),
    problemsOf: (bucket) =>
      [...states.values()].flatMap(({ job, problem }) =>
        job.bucket === bucket && problem !== undefined ? [problem] : [],
      ),
    async stop() {
      ending.abort()
      await turns.stop()
      await Promise.all([...states.values()].map(({ busy }) => busy))
    },
  }
}

/** Objects that other processes were told of. Answers whether there may be more of them. */
async function takeEvents(
  { plane, warehouseArn }: JobRunnerOptions,
  states: ReadonlyMap<number, JobState>,
): Promise<boolean> {
  const events = await plane.store.bucketEvents.take(warehouseArn, eventsAtOnce)
  for (const { bucket, object } of events) note(states, bucket, [object])
  return events.length === eventsAtOnce
}

function note(states: ReadonlyMap<number, JobState>, bucket: string, objects: readonly ListedObject[]): void {
  for (const state of states.values()) {
    if (state.job.bucket !== bucket) continue
    for (const object of objects)
      if (isMeant(state.job, object) && !state.queue.add(object)) state.needsListing = true
  }
}

function newState(job: CopyJob): JobState {
  return {
    job,
    queue: newJobQueue(),
    current: [],
    needsListing: true,
    listedAtMs: Number.NEGATIVE_INFINITY,
    busy: undefined,
    problem: undefined,
    failures: 0,
    retryAtMs: 0,
  }
}

/** S3 tells times in whole seconds. */
function isMeant({ prefix, includesExisting, createdAt }: CopyJob, object: ListedObject): boolean {
  if (!object.key.startsWith(prefix) || isFolder(object)) return false
  const sinceMs = Math.floor(createdAt.getTime() / 1_000) * 1_000
  return includesExisting || object.modifiedAt.getTime() >= sinceMs
}

/** Those of an integration into this warehouse that is active. */
async function activeBuckets({ plane, warehouseArn }: JobRunnerOptions): Promise<Set<string>> {
  const integrations = await plane.store.integrations.all()
  const buckets = integrations.flatMap(({ sourceArn, targetArn, status }) => {
    const isActive = status === "active" || status === "needs_attention" || status === "syncing"
    const bucket = bucketOfArn(plane, sourceArn)
    return isActive && targetArn === warehouseArn && bucket !== undefined ? [bucket] : []
  })
  return new Set(buckets)
}
