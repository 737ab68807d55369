import { type Kysely, type Selectable, sql } from "kysely"
import type { CopyJob } from "../domain/copy-job.ts"
import { Problem, type ProblemKind, problemKinds } from "../domain/problems.ts"
import { brokenConstraint } from "./connection.ts"
import type { CopyJobTable, StateSchema } from "./schema.ts"

export interface CopyJobMessage {
  jobId: number
  jobName: string
  database: string
  recordedAt: Date
  message: string
}

export type NewCopyJob = Omit<CopyJob, "id" | "createdAt" | "problem">

export interface CopyJobStore {
  /** "taken": the name is; "full": there are as many as may be. */
  add(job: NewCopyJob, atMost: number): Promise<CopyJob | "taken" | "full">
  /** Oldest first. */
  all(): Promise<CopyJob[]>
  /** Whatever its case. */
  byName(name: string): Promise<CopyJob | undefined>
  setAuto(id: number, isAuto: boolean): Promise<void>
  /** Gives a job without a host this one; false: another host was quicker. */
  adopt(id: number, host: string): Promise<boolean>
  setProblem(id: number, problem: Problem | undefined): Promise<void>
  remove(id: number): Promise<void>
  /** Keeps the newest. */
  say(message: Omit<CopyJobMessage, "recordedAt">): Promise<void>
  /** Oldest first. */
  messages(): Promise<CopyJobMessage[]>
}

const messagesKept = 10_000
/** Two that add at once are counted one after the other. */
const addingLock = 7_205_311

type Db = Kysely<StateSchema>

export function copyJobStore(db: Db): CopyJobStore {
  return {
    add: (job, atMost) => add(db, job, atMost),
    async all() {
      return (await db.selectFrom("copy_jobs").selectAll().orderBy("id").execute()).map(fromRow)
    },
    async byName(name) {
      const row = await db
        .selectFrom("copy_jobs")
        .selectAll()
        .where(({ eb, fn }) => eb(fn<string>("lower", ["name"]), "=", name.toLowerCase()))
        .executeTakeFirst()
      return row && fromRow(row)
    },
    async setAuto(id, isAuto) {
      await db.updateTable("copy_jobs").set({ is_auto: isAuto }).where("id", "=", String(id)).execute()
    },
    adopt: (id, host) => adopt(db, id, host),
    setProblem: (id, problem) => setProblem(db, id, problem),
    async remove(id) {
      await db.deleteFrom("copy_jobs").where("id", "=", String(id)).execute()
    },
    async say({ jobId, jobName, database, message }) {
      await db
        .insertInto("copy_job_messages")
        .values({
          job_id: String(jobId),
          job_name: jobName,
          database_name: database,
          recorded_at: new Date(),
          message: message.replaceAll("\0", ""),
        })
        .execute()
      await sql`delete from millrace.copy_job_messages
        where id <= (select max(id) - ${messagesKept} from millrace.copy_job_messages)`.execute(db)
    },
    async messages() {
      const rows = await db.selectFrom("copy_job_messages").selectAll().orderBy("id").execute()
      return rows.map((row) => ({
        jobId: Number(row.job_id),
        jobName: row.job_name,
        database: row.database_name,
        recordedAt: row.recorded_at,
        message: row.message,
      }))
    },
  }
}

async function adopt(db: Db, id: number, host: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("copy_jobs")
    .set({ host })
    .where("id", "=", String(id))
    .where("host", "is", null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

async function setProblem(db: Db, id: number, problem: Problem | undefined): Promise<void> {
  const message = problem?.message.replaceAll("\0", "") ?? null
  await db
    .updateTable("copy_jobs")
    .set({ problem_kind: problem?.kind ?? null, problem: message })
    .where("id", "=", String(id))
    .execute()
}

async function add(db: Db, job: NewCopyJob, atMost: number): Promise<CopyJob | "taken" | "full"> {
  try {
    return await db.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${addingLock})`.execute(transaction)
      const { count } = await transaction
        .selectFrom("copy_jobs")
        .select(({ fn }) => fn.countAll<string>().as("count"))
        .where("target_arn", "=", job.targetArn)
        .executeTakeFirstOrThrow()
      if (Number(count) >= atMost) return "full"
      const row = await transaction
        .insertInto("copy_jobs")
        .values({
          name: job.name,
          target_arn: job.targetArn,
          database_name: job.database,
          schema_name: job.schema,
          table_name: job.table,
          columns: job.columns === undefined ? null : JSON.stringify(job.columns),
          owner: job.owner,
          bucket: job.bucket,
          prefix: job.prefix,
          iam_role: job.iamRole ?? null,
          statement: job.statement,
          options: JSON.stringify(job.options),
          is_auto: job.isAuto,
          includes_existing: job.includesExisting,
          created_at: new Date(),
          host: job.host ?? null,
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      return fromRow(row)
    })
  } catch (error) {
    if (brokenConstraint(error) === "copy_jobs_name") return "taken"
    throw error
  }
}

function fromRow(row: Selectable<CopyJobTable>): CopyJob {
  return {
    id: Number(row.id),
    name: row.name,
    targetArn: row.target_arn,
    database: row.database_name,
    schema: row.schema_name,
    table: row.table_name,
    columns: row.columns ?? undefined,
    owner: row.owner,
    bucket: row.bucket,
    prefix: row.prefix,
    iamRole: row.iam_role ?? undefined,
    statement: row.statement,
    options: row.options,
    isAuto: row.is_auto,
    includesExisting: row.includes_existing,
    createdAt: row.created_at,
    host: row.host ?? undefined,
    problem: problemFrom(row),
  }
}

/** A kind that this version does not know was another version's. */
function problemFrom({
  problem_kind: kind,
  problem,
}: Pick<CopyJobTable, "problem_kind" | "problem">): Problem | undefined {
  if (kind === null) return undefined
  return new Problem(isProblemKind(kind) ? kind : "internal", problem ?? "")
}

function isProblemKind(kind: string): kind is ProblemKind {
  return Object.hasOwn(problemKinds, kind)
}
