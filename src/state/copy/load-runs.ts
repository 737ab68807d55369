import { type Kysely, type Selectable, sql } from "kysely"
import { cut, messageAtMost } from "../../domain/text-forms/plain-text.ts"
import type { CopyRun } from "../load-errors.ts"
import type { LoadRunTable, StateSchema } from "../schema.ts"

/** What became of one run of COPY. */
export interface LoadRunOutcome {
  endedAt: Date
  status: "completed" | "aborted"
  /** `s3://…` of the prefix or manifest. */
  from: string
  /** `csv`, `txt`, `json`, `parquet`. */
  format: string
  rows: number
  files: number
  /** Of the files as they lie in the bucket. */
  fileBytes: number
  errors: number
}

export type RecordedLoadRun = CopyRun & LoadRunOutcome

/** Runs of COPY, whether they loaded something or not. Keeps the newest. */
export interface LoadRunStore {
  append(run: RecordedLoadRun): Promise<void>
  /** Oldest first. */
  all(): Promise<RecordedLoadRun[]>
}

const runsKept = 20_000

export function loadRunStore(db: Kysely<StateSchema>): LoadRunStore {
  return {
    async append(run) {
      await db.insertInto("load_runs").values(rowOf(run)).execute()
      await sql`delete from millrace.load_runs
        where id <= (select max(id) - ${runsKept} from millrace.load_runs)`.execute(db)
    },
    async all() {
      return (await db.selectFrom("load_runs").selectAll().orderBy("id").execute()).map(fromRow)
    },
  }
}

function rowOf(run: RecordedLoadRun) {
  return {
    query_id: String(run.queryId),
    session_id: run.sessionId,
    job_id: run.jobId === undefined ? null : String(run.jobId),
    user_name: run.user,
    database_name: run.database,
    table_name: run.table,
    started_at: run.startedAt,
    ended_at: run.endedAt,
    status: run.status,
    // The state database holds no NUL.
    source: cut(run.from.replaceAll("\0", ""), messageAtMost),
    format: run.format,
    rows: String(run.rows),
    files: run.files,
    file_bytes: String(run.fileBytes),
    errors: run.errors,
  }
}

function fromRow(row: Selectable<LoadRunTable>): RecordedLoadRun {
  return {
    queryId: Number(row.query_id),
    sessionId: row.session_id,
    jobId: row.job_id === null ? undefined : Number(row.job_id),
    user: row.user_name,
    database: row.database_name,
    table: row.table_name,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    status: row.status,
    from: row.source,
    format: row.format,
    rows: Number(row.rows),
    files: row.files,
    fileBytes: Number(row.file_bytes),
    errors: row.errors,
  }
}
