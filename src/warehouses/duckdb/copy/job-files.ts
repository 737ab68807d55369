import type { JobFile, JobFiles, RunSql } from "../../../loading/copy-target.ts"
import { knownFile } from "../../../loading/copy-target.ts"
import { bookkeepingSchema, bookkeepingTable } from "../naming.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"

function tableIn(database: string): string {
  return bookkeepingTable(database, "copy_files")
}

/** Makes the table on first use, outside of any transaction. */
export async function ensureJobFiles(run: RunSql, database: string): Promise<void> {
  await run(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(database)}.${quoteIdentifier(bookkeepingSchema)}`)
  await run(`CREATE TABLE IF NOT EXISTS ${tableIn(database)}
    (job BIGINT NOT NULL, key VARCHAR NOT NULL, etag VARCHAR NOT NULL, size_bytes BIGINT NOT NULL, modified_at TIMESTAMP NOT NULL,
     enqueued_at TIMESTAMP NOT NULL, finished_at TIMESTAMP NOT NULL, status VARCHAR NOT NULL, reason VARCHAR NOT NULL)`)
}

/** Which files of its jobs a database has: in the transaction that `run` runs in. */
export function jobFilesOn(run: RunSql, database: string): JobFiles {
  return {
    async known(job, keys) {
      if (keys.length === 0) return new Set()
      const rows = await run(
        `SELECT key, etag FROM ${tableIn(database)} WHERE job = ${job} AND key IN (${keys.map(quoteLiteral).join(", ")})`,
      )
      return new Set(rows.map(([key = "", etag = ""]) => knownFile({ key, etag })))
    },
    async record(job, files) {
      if (files.length === 0) return
      await run(
        `INSERT INTO ${tableIn(database)} VALUES ${files.map((file) => valuesOf(job, file)).join(", ")}`,
      )
    },
  }
}

function valuesOf(job: number, file: JobFile): string {
  const { key, etag, sizeBytes, modifiedAt, enqueuedAt, status, reason } = file
  const texts = [key, etag].map(quoteLiteral).join(", ")
  return `(${job}, ${texts}, ${sizeBytes}, ${timestamp(modifiedAt)}, ${timestamp(enqueuedAt)}, ${timestamp(new Date())}, ${quoteLiteral(status)}, ${quoteLiteral(reason)})`
}

function timestamp(at: Date): string {
  return `TIMESTAMP '${at.toISOString().slice(0, -1)}'`
}

export async function forgetJob(run: RunSql, database: string, job: number): Promise<void> {
  await run(`DELETE FROM ${tableIn(database)} WHERE job = ${job}`)
}

/** The newest, oldest first. */
export async function allJobFiles(
  run: RunSql,
  database: string,
  atMost: number,
): Promise<(JobFile & { job: number })[]> {
  const rows = await run(`SELECT * FROM (
    SELECT job, key, etag, size_bytes, epoch_ms(modified_at), epoch_ms(enqueued_at) AS enqueued, status, reason FROM ${tableIn(database)}
    ORDER BY finished_at DESC LIMIT ${atMost}) ORDER BY enqueued`)
  return rows.map(([job, key = "", etag = "", size, modified, enqueued, status, reason = ""]) => ({
    job: Number(job),
    key,
    etag,
    sizeBytes: Number(size),
    modifiedAt: new Date(Number(modified)),
    enqueuedAt: new Date(Number(enqueued)),
    status: status === "ingested" ? "ingested" : "error",
    reason,
  }))
}
