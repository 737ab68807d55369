import type { CopyJob } from "../../domain/copy-job.ts"
import { Fault } from "../../domain/faults.ts"
import { Problem } from "../../domain/problems.ts"
import {
  type CopyTransaction,
  type CopyWarehouse,
  type JobFile,
  type JobRun,
  knownFile,
} from "../../loading/copy-target.ts"
import { type LoadOutcome, loadFiles } from "../../loading/load-files.ts"
import { LoadFailure } from "../../loading/record-reader.ts"
import type { CopyRun } from "../../state/load-errors.ts"
import type { SqlUsers } from "../sql-users/sql-users.ts"
import { requireBucket } from "./buckets.ts"
import { type CopyPlane, jsonPathsOf } from "./copy-files.ts"
import type { QueuedObject } from "./job-queue.ts"
import { recordLoad } from "./load-runs.ts"
import { requireOwner } from "./owner.ts"

/** COPY jobs of one warehouse. */
export interface JobPlane extends CopyPlane {
  targetArn: string
  /** Of this process, where the warehouse is files of its host; undefined: any host reaches it. */
  host: string | undefined
  copies: CopyWarehouse
  users: SqlUsers
  /** What errors and views call a database of the warehouse. */
  shown(database: string): string
}

/** Those of the objects that the job has not dealt with, as far as they are known. @throws Problem */
export async function unknownOf<T extends QueuedObject>(
  { copies }: JobPlane,
  job: CopyJob,
  objects: readonly T[],
  run: JobRun,
): Promise<T[]> {
  if (objects.length === 0) return []
  const keys = objects.map(({ key }) => key)
  const look = async ({ files }: CopyTransaction) => ({
    keep: false,
    value: await files.known(job.id, keys),
  })
  const known = await copies.transact(job.database, look, run)
  return objects.filter((object) => !known.has(knownFile(object)))
}

/**
 * Loads objects for a job: the rows of each with the record that it was loaded, or neither. Those with errors are
 * recorded as such and left out.
 *
 * @throws Problem what hinders the job as a whole
 */
export async function loadForJob(
  plane: JobPlane,
  job: CopyJob,
  objects: readonly QueuedObject[],
  by: LoadingFor,
): Promise<void> {
  let rest = objects
  while (rest.length > 0) {
    const startedAt = new Date()
    const outcome = await attempt(plane, job, rest, by)
    const copyRun = await recordRun(plane, job, startedAt, outcome)
    if (outcome.errors.length === 0) return
    const bad = new Set(outcome.errors.map(({ key }) => key))
    await plane.store.loadErrors.append(copyRun, outcome.errors)
    await recordErrors(plane, job, { objects: rest, outcome, bad, run: by.run })
    rest = rest.filter(({ key }) => !bad.has(key))
  }
}

export interface LoadingFor {
  signal: AbortSignal
  run: JobRun
}

async function attempt(
  plane: JobPlane,
  job: CopyJob,
  objects: readonly QueuedObject[],
  { signal, run }: LoadingFor,
): Promise<LoadOutcome> {
  try {
    const caller = await requireOwner(plane, job.owner, job)
    const store = plane.openBucket(requireBucket(plane, caller, job))
    const paths = await jsonPathsOf(plane, caller, job.options)
    const load = async ({ target, files }: CopyTransaction) => {
      const known = await files.known(
        job.id,
        objects.map(({ key }) => key),
      )
      const outcome = await loadFiles({
        bucket: job.bucket,
        store,
        objects,
        target: await target(job, job.options),
        options: job.options,
        ...(paths && { paths }),
        isKnown: (opened) => known.has(knownFile(opened)),
        findsAllErrors: true,
        signal,
        alive: async () => signal.throwIfAborted(),
      })
      const keep = outcome.errors.length === 0
      if (keep) await files.record(job.id, outcome.files.map(fileOf(objects, "ingested")))
      return { keep, value: outcome }
    }
    return await plane.copies.transact(job.database, load, run)
  } catch (error) {
    throw asProblem(error)
  }
}

function fileOf(
  queued: readonly QueuedObject[],
  status: JobFile["status"],
): (object: Omit<JobFile, "enqueuedAt" | "status" | "reason"> & { reason?: string }) => JobFile {
  const since = new Map(queued.map(({ key, enqueuedAt }) => [key, enqueuedAt]))
  return ({ key, etag, sizeBytes, modifiedAt, reason = "" }) => ({
    key,
    etag,
    sizeBytes,
    modifiedAt,
    enqueuedAt: since.get(key) ?? new Date(),
    status,
    reason,
  })
}

/** A load in which all files were known already is none. */
async function recordRun(
  { store, shown }: JobPlane,
  job: CopyJob,
  startedAt: Date,
  { rows, files, errors }: LoadOutcome,
): Promise<CopyRun> {
  const run = {
    queryId: await store.loadErrors.newQueryId(),
    sessionId: 0,
    jobId: job.id,
    user: job.owner,
    database: shown(job.database),
    table: job.table,
    startedAt,
  }
  const fileBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const loaded = { rows, files: files.length, fileBytes, errors, isOver: errors.length > 0 }
  if (files.length > 0) await recordLoad(store, { run, from: job, options: job.options }, loaded)
  return run
}

interface FailedFiles {
  objects: readonly QueuedObject[]
  outcome: LoadOutcome
  bad: ReadonlySet<string>
  run: JobRun
}

async function recordErrors(
  { copies }: JobPlane,
  job: CopyJob,
  { objects, outcome: { files: opened, errors }, bad, run }: FailedFiles,
): Promise<void> {
  const failed = opened.filter(({ key }) => bad.has(key))
  const reasonOf = (key: string) => errors.find((error) => error.key === key)?.reason ?? ""
  const toFile = fileOf(objects, "error")
  const record = async ({ files }: CopyTransaction) => {
    await files.record(
      job.id,
      failed.map((one) => toFile({ ...one, reason: reasonOf(one.key) })),
    )
    return { keep: true, value: undefined }
  }
  await copies.transact(job.database, record, run)
}

/** What the job's statement, its owner's rights or its table are in the way of: the files wait. */
function asProblem(error: unknown): unknown {
  if (error instanceof Fault || error instanceof LoadFailure)
    return new Problem("copyNotAllowed", `${error.message}.`, { cause: error })
  return error
}
