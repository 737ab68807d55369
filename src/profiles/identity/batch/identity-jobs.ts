import { randomUUID } from "node:crypto"
import { startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import type { DutyWork, Held } from "../../../control-plane/duties/duty.ts"
import type { ReconcilerLog } from "../../../control-plane/log.ts"
import type { ScheduledDomain } from "../../../state/profile-identity/jobs.ts"
import type { AutoMerging } from "./consolidation.ts"
import { type JobSchedule, nextStartMs } from "./job-schedule.ts"
import { type JobParts, runJob } from "./run-job.ts"

/** The member Matching of a domain. */
export interface BatchMatching {
  readonly Enabled?: boolean
  readonly JobSchedule?: JobSchedule
  readonly AutoMerging?: AutoMerging
  readonly ExportingConfig?: unknown
}

export interface IdentityJobsOptions extends Omit<JobParts, "isWanted"> {
  /** No job runs while the duty is another process's. */
  held: Held
  log: Pick<ReconcilerLog, "warn">
}

const lookEveryMs = 2_000

/** Schedules the identity resolution job of each domain that wants one, and runs what is due, one domain after the other. */
export function startIdentityJobs({ held, log, ...stores }: IdentityJobsOptions): DutyWork {
  let isStopped = false
  const parts = { ...stores, isWanted: () => !isStopped && held.isHeld() }
  const task = startPeriodicTask({
    everyMs: lookEveryMs,
    work: () => lookAtJobs(parts, log, Date.now()),
    onError: (error) =>
      log.warn({ err: error }, "identity resolution jobs cannot be looked at; trying again"),
  })
  return {
    async stop() {
      isStopped = true
      await task.stop()
    },
  }
}

/** One look. A domain whose job fails holds up no other. @param nowMs in milliseconds since 1970 */
export async function lookAtJobs(
  parts: JobParts,
  log: Pick<ReconcilerLog, "warn">,
  nowMs: number,
): Promise<void> {
  for (const domain of await parts.identity.jobs.domains()) {
    if (!parts.isWanted()) return
    const matching =
      domain.matching === undefined ? undefined : (JSON.parse(domain.matching) as BatchMatching)
    if (matching?.Enabled !== true) await giveUp(parts, domain)
    else if (isDue(domain, nowMs)) await run(parts, { domain, matching, log })
    else await schedule(parts, domain, nextStartMs(matching.JobSchedule, nowMs))
  }
}

/** One that was broken off is due as well. */
function isDue({ open }: ScheduledDomain, nowMs: number): boolean {
  return open !== undefined && (open.status !== "PENDING" || open.startsAt.getTime() <= nowMs)
}

async function schedule({ identity }: JobParts, { number, open }: ScheduledDomain, startMs: number) {
  if (open?.startsAt.getTime() === startMs) return
  if (open !== undefined) await identity.jobs.cancel(open.id)
  const id = randomUUID().replaceAll("-", "")
  await identity.jobs.schedule({ id, domain: number, startsAt: new Date(startMs) })
}

/** Nobody wants matches of the domain any more. */
async function giveUp({ identity }: JobParts, { number, open }: ScheduledDomain): Promise<void> {
  if (open?.status === "PENDING") await identity.jobs.cancel(open.id)
  else if (open !== undefined)
    await identity.jobs.end(open.id, {
      status: open.mergesDone === 0 ? "FAILED" : "PARTIAL_SUCCESS",
      message: "Matching was turned off while the job ran.",
    })
  if (open !== undefined) await identity.matches(number, "batch").removeAll()
}

interface Run {
  domain: ScheduledDomain
  matching: BatchMatching
  log: Pick<ReconcilerLog, "warn">
}

async function run(parts: JobParts, { domain, matching, log }: Run): Promise<void> {
  const { number, name, open: job } = domain
  if (job === undefined) return
  try {
    await runJob(parts, { number, name, job, merging: matching.AutoMerging })
  } catch (error) {
    log.warn({ err: error, domain: name }, "an identity resolution job was broken off")
    const now = await parts.identity.jobs.find(number, job.id)
    await parts.identity.jobs.end(job.id, {
      status: (now?.mergesDone ?? 0) === 0 ? "FAILED" : "PARTIAL_SUCCESS",
      message: "A system error broke the job off. The log of Millrace has it; the next job begins anew.",
    })
  }
}
