import type { JobFile, JobFiles, JobRun } from "../../../loading/copy-target.ts"
import { knownFile } from "../../../loading/copy-target.ts"
import { TakenOver } from "../../../replication/contracts/taken-over.ts"
import type { Session } from "../client.ts"
import type { Names } from "../naming.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"

/**
 * Which files of its COPY jobs a database has, and for each job the generation of its newest runner. Every transaction that loads for
 * a job begins with the write of the job's row: another runner waits there, and one that is older is refused.
 */
export async function ensureJobFiles(session: Session, names: Names): Promise<void> {
  if (await hasJobFiles(session, names)) return
  await session.run(`
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtextextended(${quoteLiteral(`millrace ${names.booksSchema}`)}, 0));
    CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(names.booksSchema)};
    CREATE TABLE IF NOT EXISTS ${names.books("copy_jobs")} (job bigint PRIMARY KEY, generation bigint NOT NULL);
    CREATE TABLE IF NOT EXISTS ${names.books("copy_files")}
      (job bigint NOT NULL, key text NOT NULL, etag text NOT NULL, size_bytes bigint NOT NULL, modified_at timestamptz NOT NULL,
       enqueued_at timestamptz NOT NULL, finished_at timestamptz NOT NULL, status text NOT NULL, reason text NOT NULL,
       PRIMARY KEY (job, key, etag));
    COMMIT`)
}

async function hasJobFiles(session: Pick<Session, "rows">, names: Names): Promise<boolean> {
  const [[found] = []] = await session.rows(`SELECT to_regclass(${quoteLiteral(names.books("copy_files"))})`)
  return found !== null && found !== undefined
}

/** No runner has a greater one: the job is gone. */
const forgotten = "9223372036854775807"

/** In a transaction. Throws TakenOver. */
export async function claimJob(session: Session, names: Names, { job, generation }: JobRun): Promise<void> {
  const jobs = names.books("copy_jobs")
  const [written] = await session.run(
    `INSERT INTO ${jobs} AS j VALUES (${job}, ${generation}) ON CONFLICT (job) DO UPDATE SET generation = excluded.generation WHERE j.generation <= excluded.generation`,
  )
  if (written?.count === 1) return
  const [[newest] = []] = await session.rows(`SELECT generation FROM ${jobs} WHERE job = ${job}`)
  throw new TakenOver(generation, Number(newest))
}

/** In the transaction that the session is in. */
export function jobFilesOn(session: Session, names: Names): JobFiles {
  const table = names.books("copy_files")
  return {
    async known(job, keys) {
      if (keys.length === 0) return new Set()
      const found = await session.rows(
        `SELECT key, etag FROM ${table} WHERE job = ${job} AND key IN (${keys.map(quoteLiteral).join(", ")})`,
      )
      return new Set(found.map(([key, etag]) => knownFile({ key: key ?? "", etag: etag ?? "" })))
    },
    async record(job, files) {
      if (files.length === 0) return
      await session.run(`INSERT INTO ${table} VALUES ${files.map((file) => valuesOf(job, file)).join(", ")}`)
    },
  }
}

function valuesOf(job: number, file: JobFile): string {
  const { key, etag, sizeBytes, modifiedAt, enqueuedAt, status, reason } = file
  const texts = [key, etag].map(quoteLiteral).join(", ")
  const times = [modifiedAt, enqueuedAt].map((at) => quoteLiteral(at.toISOString())).join(", ")
  return `(${job}, ${texts}, ${sizeBytes}, ${times}, clock_timestamp(), ${quoteLiteral(status)}, ${quoteLiteral(reason.replaceAll("\0", ""))})`
}

/** What its files were; a runner that has not heard of it loads no more. Repeatable. */
export async function forgetJob(session: Session, names: Names, job: number): Promise<void> {
  if (!(await hasJobFiles(session, names))) return
  await session.run(
    `BEGIN;
    INSERT INTO ${names.books("copy_jobs")} VALUES (${job}, ${forgotten}) ON CONFLICT (job) DO UPDATE SET generation = excluded.generation;
    DELETE FROM ${names.books("copy_files")} WHERE job = ${job};
    COMMIT`,
  )
}

/** The newest, oldest first. */
export async function allJobFiles(
  session: Session,
  names: Names,
  atMost: number,
): Promise<(JobFile & { job: number })[]> {
  if (!(await hasJobFiles(session, names))) return []
  const ms = (column: string) => `floor(extract(epoch FROM ${column}) * 1000)`
  const found = await session.rows(`SELECT * FROM (
    SELECT job, key, etag, size_bytes, ${ms("modified_at")}, ${ms("enqueued_at")} AS enqueued, status, reason
    FROM ${names.books("copy_files")} ORDER BY finished_at DESC LIMIT ${atMost}) AS newest ORDER BY enqueued`)
  return found.map(([job, key, etag, size, modified, enqueued, status, reason]) => ({
    job: Number(job),
    key: key ?? "",
    etag: etag ?? "",
    sizeBytes: Number(size),
    modifiedAt: new Date(Number(modified)),
    enqueuedAt: new Date(Number(enqueued)),
    status: status === "ingested" ? "ingested" : "error",
    reason: reason ?? "",
  }))
}
