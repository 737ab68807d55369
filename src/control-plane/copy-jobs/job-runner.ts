import { type NudgedTask, newNudgedTask } from "../../concurrency/nudged-task.ts"
import type { CopyJob } from "../../domain/copy-job.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { BucketEvent, EventsTaker } from "../../state/copy/bucket-events.ts"
import type { DutyName } from "../duties/duties.ts"
import type { DutyWork, Held } from "../duties/duty.ts"
import type { ReconcilerLog } from "../log.ts"
import { bucketOfArn } from "./buckets.ts"
import { isMeant, type QueuedObject } from "./job-queue.ts"
import { type JobState, newJobState, newJobWork, type Runner } from "./job-work.ts"
import type { JobPlane } from "./load-job.ts"

/** The jobs of one warehouse, in this process. */
export interface JobRunner {
  readonly plane: JobPlane
  /** Runs the automatic jobs, until stopped. */
  begin(held: Held): DutyWork
  /** Whose events this process takes directly now; `undefined`: it runs no jobs of this warehouse. */
  takes(): EventsTaker | undefined
  /** Objects that events name; what no job waits for is ignored. */
  noticed(events: readonly BucketEvent[]): void
  /** Look now rather than at the next turn. */
  nudge(): void
  /** Loads all there is to load now, whether the job is automatic or not. @throws Problem */
  runNow(job: CopyJob): Promise<void>
  /** Whether the job's bucket has an integration that is active. */
  isActive(job: CopyJob): Promise<boolean>
  /** Whether this process can run the job: its table is not in another host's files. */
  isHere(job: CopyJob): boolean
  /** What jobs are about to load, as far as this process knows. */
  pending(): { job: CopyJob; object: QueuedObject }[]
  /** Nothing is loaded any more. */
  stop(): Promise<void>
}

export interface JobRunnerOptions {
  plane: JobPlane
  log: ReconcilerLog
}

const turnEveryMs = 1_000
const jobsAtOnce = 2
const eventsAtOnce = 5_000

/** The duty to run the jobs of a warehouse that any host reaches. */
export function copyJobsDuty(targetArn: string): DutyName {
  return `copy jobs of ${targetArn}`
}

/** What runs jobs that no other process could. */
export const alwaysHeld: Held = { isHeld: () => true, generation: () => 0 }

export function newJobRunner({ plane, log }: JobRunnerOptions): JobRunner {
  const { store, targetArn, host } = plane
  const states = new Map<number, JobState>()
  const work = newJobWork(plane, log)
  const stopping = new AbortController()
  let active: ReadonlySet<string> = new Set()
  let turns: NudgedTask | undefined
  let holding: Held | undefined
  const isHere = (job: CopyJob) => job.targetArn === targetArn && (host === undefined || job.host === host)
  const taker = { targetArn, host }

  /** Reads what should be. */
  async function follow(): Promise<void> {
    active = await activeBuckets(plane)
    const jobs = (await Promise.all((await store.copyJobs.all()).map(adopted))).filter(isHere)
    for (const job of jobs) {
      const state = states.get(job.id)
      if (state === undefined) states.set(job.id, newJobState(job))
      else state.job = job
    }
    const ids = new Set(jobs.map(({ id }) => id))
    for (const id of states.keys()) if (!ids.has(id)) states.delete(id)
  }

  /** An earlier version made jobs without a host: they are of the first that looks. */
  async function adopted(job: CopyJob): Promise<CopyJob> {
    if (host === undefined || job.targetArn !== targetArn || job.host !== undefined) return job
    return (await store.copyJobs.adopt(job.id, host)) ? { ...job, host } : job
  }

  async function look(by: Runner): Promise<void> {
    if (!by.mayGoOn()) return
    await follow()
    if (states.size > 0) {
      const events = await store.bucketEvents.take(taker, eventsAtOnce)
      note(states, events)
      if (events.length === eventsAtOnce) turns?.nudge()
    }
    for (const state of states.values()) if (isDue(state)) beginWork(state, by)
  }

  function isDue(state: JobState): boolean {
    const { job, queue, needsListing, busy, retryAtMs } = state
    const atWork = [...states.values()].filter((one) => one.busy !== undefined).length
    if (!job.isAuto || busy !== undefined || !active.has(job.bucket) || atWork >= jobsAtOnce) return false
    return performance.now() >= retryAtMs && (queue.size > 0 || needsListing || work.isListingDue(state))
  }

  function beginWork(state: JobState, by: Runner): void {
    state.busy = work
      .runDue(state, by)
      .catch((error: unknown) => failed(state, error, by))
      .finally(() => {
        state.busy = undefined
        turns?.nudge()
      })
  }

  async function failed(state: JobState, error: unknown, by: Runner): Promise<void> {
    try {
      if (error instanceof TakenOver && by.mayGoOn() && error.newest < Number.MAX_SAFE_INTEGER)
        await store.duties.raise(copyJobsDuty(targetArn), error.newest)
      await work.failed(state, error, by)
    } catch (second) {
      log.error({ err: second, job: state.job.name }, "what a copy job met could not be noted")
    }
  }

  function begin(held: Held): DutyWork {
    const ending = new AbortController()
    const signal = AbortSignal.any([ending.signal, stopping.signal])
    const by: Runner = {
      signal,
      generation: held.generation,
      mayGoOn: () => !signal.aborted && held.isHeld(),
    }
    // Another holder may have had the jobs meanwhile: each is listed anew.
    states.clear()
    holding = held
    const begun = newNudgedTask({
      everyMs: turnEveryMs,
      work: () => look(by),
      onError: (error) => log.error({ err: error }, "looking after copy jobs failed"),
    })
    turns = begun
    begun.nudge()
    return {
      async stop() {
        ending.abort()
        if (turns === begun) turns = undefined
        if (holding === held) holding = undefined
        const busy = [...states.values()].map((state) => state.busy)
        await begun.stop()
        await Promise.all(busy)
      },
    }
  }

  async function runNow(job: CopyJob): Promise<void> {
    const state = states.get(job.id) ?? newJobState(job)
    if (holding?.isHeld() === true) states.set(job.id, state)
    while (state.busy !== undefined) await state.busy
    const generation = host === undefined ? await store.duties.generationOf(copyJobsDuty(targetArn)) : 0
    const by: Runner = {
      signal: stopping.signal,
      generation: () => generation,
      mayGoOn: () => !stopping.signal.aborted,
    }
    const run = work.run(state, by)
    state.busy = run
      .catch(() => undefined)
      .finally(() => {
        state.busy = undefined
      })
    await run
  }

  return {
    plane,
    begin,
    takes: () => (holding?.isHeld() === true ? taker : undefined),
    noticed(events) {
      note(states, events)
      turns?.nudge()
    },
    nudge: () => turns?.nudge(),
    runNow,
    isHere,
    isActive: async ({ bucket }) => (await activeBuckets(plane)).has(bucket),
    pending: () =>
      [...states.values()].flatMap(({ job, queue, current }) => {
        const byKey = new Map([...current, ...queue.all()].map((object) => [object.key, object]))
        return [...byKey.values()].map((object) => ({ job, object }))
      }),
    async stop() {
      stopping.abort()
      await Promise.all([...states.values()].map(({ busy }) => busy))
    },
  }
}

function note(states: ReadonlyMap<number, JobState>, events: readonly BucketEvent[]): void {
  for (const { bucket, object } of events)
    for (const state of states.values())
      if (state.job.bucket === bucket && isMeant(state.job, object) && !state.queue.add(object))
        state.needsListing = true
}

/** Those of an integration into this warehouse that is active. */
async function activeBuckets(plane: JobPlane): Promise<Set<string>> {
  const integrations = await plane.store.integrations.all()
  const buckets = integrations.flatMap(({ sourceArn, targetArn, status }) => {
    const isActive = status === "active" || status === "needs_attention" || status === "syncing"
    const bucket = bucketOfArn(plane, sourceArn)
    return isActive && targetArn === plane.targetArn && bucket !== undefined ? [bucket] : []
  })
  return new Set(buckets)
}
