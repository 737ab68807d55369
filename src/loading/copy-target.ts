import type { CopyOptions } from "../domain/copy.ts"
import type { RowBuffer } from "../replication/values/columns.ts"
import type { ListedObject } from "./object-store.ts"

/** A column that a load fills. */
export interface TargetColumn {
  name: string
  /** Whether it takes JSON as JSON. */
  isJson: boolean
  /** Whether blanks around a value are part of it. */
  isText: boolean
  /** As the load's errors name it: `int4`, `varchar`. */
  typeName: string
  /** Characters that a text may have; absent: any number. */
  length?: number
}

/** A row that does not fit the table. */
export interface RowError {
  file: number
  line: number
  /** Undefined: it is not one column that refuses it. */
  column: TargetColumn | undefined
  position: number
  rawLine: string
  rawValue: string
  code: number
  reason: string
}

export interface PartResult {
  rows: number
  errors: RowError[]
}

/** A table that rows are loaded into, in a transaction that someone else begins and ends. Every method may throw Problem. */
export interface CopyTarget {
  readonly columns: readonly TargetColumn[]
  /**
   * Loads the rows that fit. Names one more error than `errorsAtMost` at most: then what is loaded must not be kept.
   */
  load(rows: RowBuffer, errorsAtMost: number): Promise<PartResult>
  /** The same with a Parquet file on disk. @throws LoadFailure when it is none, or has other columns. */
  loadParquet(body: AsyncIterable<Buffer>, file: number, errorsAtMost: number): Promise<PartResult>
}

/** A file that a job has dealt with. */
export interface JobFile extends ListedObject {
  enqueuedAt: Date
  status: "ingested" | "error"
  reason: string
}

/** What a warehouse database knows of the files of its jobs: written with their rows. */
export interface JobFiles {
  /** Those of the keys that are known, `key` and `etag` joined by `knownFile`. */
  known(job: number, keys: readonly string[]): Promise<Set<string>>
  /** In the same transaction as the rows. */
  record(job: number, files: readonly JobFile[]): Promise<void>
}

/** Runs SQL in the transaction of the load and gives all rows as text. */
export type RunSql = (sql: string) => Promise<string[][]>

/** Where a load goes. */
export interface CopyDestination {
  database: string
  schema: string
  table: string
  /** Undefined: all of the table's. */
  columns: readonly string[] | undefined
}

/** What belongs together in a warehouse database: rows, and the files they came from. */
export interface CopyTransaction {
  /** @throws Problem copyTargetMissing */
  target(destination: CopyDestination, options: CopyOptions): Promise<CopyTarget>
  files: JobFiles
}

/** One runner of a COPY job. */
export interface JobRun {
  job: number
  /** Greater than that of every runner before. */
  generation: number
}

/** The warehouse, to jobs, and to COPY where sessions of the SQL port are not in it. */
export interface CopyWarehouse {
  /**
   * What `work` does is kept, or not, as its answer says; not when it throws. `run`: for whose job it is. @throws TakenOver where a
   * newer runner of the job, or its end, is known; Problem
   */
  transact<T>(
    database: string,
    work: (transaction: CopyTransaction) => Promise<{ keep: boolean; value: T }>,
    run?: JobRun,
  ): Promise<T>
  /** Forgets the files of a job that is gone. Repeatable. */
  forget(database: string, job: number): Promise<void>
  /** Every file of every job, oldest first, at most so many. */
  jobFiles(databases: readonly string[], atMost: number): Promise<(JobFile & { job: number })[]>
  /** Who may do what, where that is the engine's own. Absent: the rights are the SQL port's. */
  readonly rights?: EngineRights
}

/** Rights of a warehouse whose users are the engine's. */
export interface EngineRights {
  /** Whether there is such a table that files may be loaded into. @throws Problem copyTargetMissing: there is no such database */
  hasTable(destination: Omit<CopyDestination, "columns">): Promise<boolean>
  /** Whether the engine's user of this name may insert into the table. @throws Problem */
  mayInsert(user: string, destination: Omit<CopyDestination, "columns">): Promise<boolean>
}

/** A target in the transaction that `run` runs in: a session's of the SQL port. @throws Problem copyTargetMissing */
export type OpenSessionTarget = (
  run: RunSql,
  destination: CopyDestination,
  options: CopyOptions,
) => Promise<CopyTarget>

/** As above, and to COPY in sessions of the SQL port. */
export interface SessionCopyWarehouse extends CopyWarehouse {
  targetOn: OpenSessionTarget
}

export function knownFile({ key, etag }: Pick<ListedObject, "key" | "etag">): string {
  return `${etag} ${key}`
}
