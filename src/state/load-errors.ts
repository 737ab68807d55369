import { type Kysely, type Selectable, sql } from "kysely"
import type { LoadError } from "../domain/copy.ts"
import { cut, messageAtMost } from "../domain/text-forms/plain-text.ts"
import type { LoadErrorTable, StateSchema } from "./schema.ts"

/** One run of COPY. */
export interface CopyRun {
  queryId: number
  sessionId: number
  /** Undefined: a statement of its own. */
  jobId: number | undefined
  user: string
  database: string
  table: string
  startedAt: Date
}

export type RecordedLoadError = CopyRun & LoadError

/** Keeps the newest. */
export interface LoadErrorStore {
  newQueryId(): Promise<number>
  append(run: CopyRun, errors: readonly LoadError[]): Promise<void>
  /** Oldest first. */
  all(): Promise<RecordedLoadError[]>
}

const loadErrorsKept = 20_000
const rowsPerInsert = 1_000

type Db = Kysely<StateSchema>

export function loadErrorStore(db: Db): LoadErrorStore {
  return {
    async newQueryId() {
      const { rows } = await sql<{ id: string }>`select nextval('millrace.copy_queries') as id`.execute(db)
      return Number(rows[0]?.id)
    },
    async append(run, errors) {
      for (let start = 0; start < errors.length; start += rowsPerInsert) {
        const part = errors.slice(start, start + rowsPerInsert)
        await db
          .insertInto("load_errors")
          .values(part.map((error) => rowOf(run, error)))
          .execute()
      }
      if (errors.length > 0)
        await sql`delete from millrace.load_errors
          where id <= (select max(id) - ${loadErrorsKept} from millrace.load_errors)`.execute(db)
    },
    async all() {
      return (await db.selectFrom("load_errors").selectAll().orderBy("id").execute()).map(fromRow)
    },
  }
}

/** The state database holds no NUL; whoever writes the files decides how long a text is. */
const held = (text: string) => cut(text.replaceAll("\0", ""), messageAtMost)

function rowOf(run: CopyRun, error: LoadError) {
  return {
    query_id: String(run.queryId),
    session_id: run.sessionId,
    job_id: run.jobId === undefined ? null : String(run.jobId),
    user_name: run.user,
    database_name: run.database,
    table_name: run.table,
    started_at: run.startedAt,
    bucket: error.bucket,
    key: held(error.key),
    line: String(error.line),
    column_name: error.column,
    column_type: error.columnType,
    column_length: error.columnLength,
    position: error.position,
    raw_line: held(error.rawLine),
    raw_value: held(error.rawValue),
    code: error.code,
    reason: held(error.reason),
  }
}

function fromRow(row: Selectable<LoadErrorTable>): RecordedLoadError {
  return {
    queryId: Number(row.query_id),
    sessionId: row.session_id,
    jobId: row.job_id === null ? undefined : Number(row.job_id),
    user: row.user_name,
    database: row.database_name,
    table: row.table_name,
    startedAt: row.started_at,
    bucket: row.bucket,
    key: row.key,
    line: Number(row.line),
    column: row.column_name,
    columnType: row.column_type,
    columnLength: row.column_length,
    position: row.position,
    rawLine: row.raw_line,
    rawValue: row.raw_value,
    code: row.code,
    reason: row.reason,
  }
}
