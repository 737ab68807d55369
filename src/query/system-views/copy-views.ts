import type { CopyFacts, CopyFileFacts } from "../../control-plane/copy-jobs/copy-facts.ts"
import type { RecordedLoadRun } from "../../state/copy/load-runs.ts"
import type { RecordedLoadError } from "../../state/load-errors.ts"
import type { Cell } from "../virtual-table.ts"
import { character, type SystemView } from "./system-view.ts"

/**
 * The cloud's views of COPY and its jobs. As there, everybody reads them, and sees own jobs and loads; administrators see all.
 * Users have no number here: columns of user ids are null.
 */
export const copyViews: Record<string, SystemView> = {
  sys_copy_job: {
    kind: "copyJobs",
    readableBy: "everyone",
    columns: {
      job_id: "bigint",
      job_name: character(128),
      iam_role: character(128),
      job_text: character(256),
      is_auto: "integer",
      on_error_suspend: "integer",
    },
    rows: ({ copyJobs }) =>
      copyJobs.map(({ id, name, iamRole, statement, isAuto }) => [
        id,
        name,
        iamRole,
        statement,
        isAuto ? 1 : 0,
        0,
      ]),
  },
  sys_copy_job_detail: {
    kind: "copyFiles",
    readableBy: "everyone",
    columns: {
      user_id: "integer",
      database_name: "text",
      job_id: "integer",
      job_name: "text",
      file_location: "text",
      file_name: "text",
      file_size: "bigint",
      file_etag: "text",
      job_text: character(256),
      modification_time: "timestamp",
      enqueue_time: "timestamp",
      status: character(1),
    },
    rows: ({ copyFiles }) => copyFiles.map(fileRow),
  },
  sys_copy_job_info: {
    kind: "copyMessages",
    readableBy: "everyone",
    columns: {
      job_id: "bigint",
      job_name: character(128),
      database_name: character(128),
      record_time: "timestamp",
      message: character(512),
    },
    rows: ({ copyMessages }) =>
      copyMessages.map(({ jobId, jobName, database, recordedAt, message }) => [
        jobId,
        jobName,
        database,
        recordedAt,
        message,
      ]),
  },
  svv_copy_job_integrations: {
    kind: "copyJobs",
    readableBy: "everyone",
    columns: {
      job_owner: "integer",
      channel_arn: "text",
      bucket: "text",
      channel_state: "text",
      db_name: "text",
      job_name: "text",
      job_state: "integer",
    },
    rows: ({ copyJobs }) => copyJobs.map(channelRow),
  },
  sys_load_error_detail: {
    kind: "loadErrors",
    readableBy: "everyone",
    columns: {
      user_id: "integer",
      query_id: "bigint",
      transaction_id: "bigint",
      session_id: "integer",
      database_name: character(64),
      table_id: "integer",
      start_time: "timestamp",
      file_name: character(256),
      line_number: "bigint",
      column_name: character(127),
      column_type: character(10),
      column_length: character(10),
      position: "integer",
      error_code: "integer",
      error_message: character(512),
    },
    rows: ({ loadErrors }) => loadErrors.map(errorDetailRow),
  },
  sys_load_history: {
    kind: "loadRuns",
    readableBy: "everyone",
    columns: {
      user_id: "integer",
      query_id: "bigint",
      transaction_id: "bigint",
      session_id: "integer",
      database_name: "text",
      status: "text",
      table_name: "text",
      start_time: "timestamp",
      end_time: "timestamp",
      duration: "bigint",
      data_source: "text",
      file_format: "text",
      loaded_rows: "bigint",
      loaded_bytes: "bigint",
      source_file_count: "integer",
      source_file_bytes: "bigint",
      file_count_scanned: "integer",
      file_bytes_scanned: "bigint",
      error_count: "bigint",
      copy_job_id: "bigint",
    },
    rows: ({ loadRuns }) => loadRuns.map(runRow),
  },
  stl_load_errors: {
    kind: "loadErrors",
    readableBy: "everyone",
    columns: {
      userid: "integer",
      slice: "integer",
      tbl: "integer",
      starttime: "timestamp",
      session: "integer",
      query: "bigint",
      filename: character(256),
      line_number: "bigint",
      colname: character(127),
      type: character(10),
      col_length: character(10),
      position: "integer",
      raw_line: character(1024),
      raw_field_value: character(1024),
      err_code: "integer",
      err_reason: character(256),
      is_partial: "integer",
      start_offset: "bigint",
      copy_job_id: "bigint",
    },
    rows: ({ loadErrors }) => loadErrors.map(errorRow),
  },
}

const statusLetters: Record<CopyFileFacts["status"], string> = { pending: "P", ingested: "I", error: "E" }

function fileRow({ job, status, ...file }: CopyFileFacts): Cell[] {
  return [
    undefined,
    job.shownDatabase,
    job.id,
    job.name,
    job.bucket,
    file.key,
    file.sizeBytes,
    file.etag,
    job.statement,
    file.modifiedAt,
    file.enqueuedAt,
    statusLetters[status],
  ]
}

/** Job states are those of the view's own page: 0 active, 1 pending. */
function channelRow({ integration, bucket, shownDatabase, name }: CopyFacts["copyJobs"][number]): Cell[] {
  const isThere = integration !== undefined && integration.status !== "deleting"
  const isEstablished = isThere && !["creating", "failed"].includes(integration.status)
  const state = isEstablished ? "Established" : isThere ? "Pending" : "Inactive"
  return [
    undefined,
    isThere ? integration.arn : undefined,
    bucket,
    state,
    shownDatabase,
    name,
    isEstablished ? 0 : 1,
  ]
}

/** How many bytes rows take in the table, the engine does not say. */
function runRow(run: RecordedLoadRun): Cell[] {
  const { startedAt, endedAt, files, fileBytes } = run
  return [
    undefined,
    run.queryId,
    undefined,
    run.sessionId,
    run.database,
    run.status,
    run.table,
    startedAt,
    endedAt,
    (endedAt.getTime() - startedAt.getTime()) * 1000,
    run.from,
    run.format,
    run.rows,
    undefined,
    files,
    fileBytes,
    files,
    fileBytes,
    run.errors,
    run.jobId ?? 0,
  ]
}

function fileUrl({ bucket, key }: RecordedLoadError): string {
  return `s3://${bucket}/${key}`
}

function errorDetailRow(error: RecordedLoadError): Cell[] {
  return [
    undefined,
    error.queryId,
    undefined,
    error.sessionId,
    error.database,
    undefined,
    error.startedAt,
    fileUrl(error),
    error.line,
    error.column,
    error.columnType,
    error.columnLength,
    error.position,
    error.code,
    error.reason,
  ]
}

function errorRow(error: RecordedLoadError): Cell[] {
  return [
    undefined,
    0,
    undefined,
    error.startedAt,
    error.sessionId,
    error.queryId,
    fileUrl(error),
    error.line,
    error.column,
    error.columnType,
    error.columnLength,
    error.position,
    error.rawLine,
    error.rawValue,
    error.code,
    error.reason,
    0,
    0,
    error.jobId,
  ]
}
