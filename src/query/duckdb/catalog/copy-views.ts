import type { CopyFacts, CopyFileFacts } from "../../../control-plane/copy-jobs/copy-facts.ts"
import type { RecordedLoadError } from "../../../state/load-errors.ts"
import type { Cell, View } from "./integration-views.ts"

/** The cloud's views of COPY and its jobs. Users have no number here: columns of user ids are null. */
export const copyViews: Record<string, View> = {
  sys_copy_job: {
    kind: "copyJobs",
    columns: {
      job_id: "BIGINT",
      job_name: "char128",
      iam_role: "char128",
      job_text: "char256",
      is_auto: "INTEGER",
      on_error_suspend: "INTEGER",
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
    columns: {
      user_id: "INTEGER",
      database_name: "VARCHAR",
      job_id: "INTEGER",
      job_name: "VARCHAR",
      file_location: "VARCHAR",
      file_name: "VARCHAR",
      file_size: "BIGINT",
      file_etag: "VARCHAR",
      job_text: "char256",
      modification_time: "TIMESTAMP",
      enqueue_time: "TIMESTAMP",
      status: "char1",
    },
    rows: ({ copyFiles }) => copyFiles.map(fileRow),
  },
  sys_copy_job_info: {
    kind: "copyMessages",
    columns: {
      job_id: "BIGINT",
      job_name: "char128",
      database_name: "char128",
      record_time: "TIMESTAMP",
      message: "char512",
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
    columns: {
      job_owner: "INTEGER",
      channel_arn: "VARCHAR",
      bucket: "VARCHAR",
      channel_state: "VARCHAR",
      db_name: "VARCHAR",
      job_name: "VARCHAR",
      job_state: "INTEGER",
    },
    rows: ({ copyJobs }) => copyJobs.map(channelRow),
  },
  sys_load_error_detail: {
    kind: "loadErrors",
    columns: {
      user_id: "INTEGER",
      query_id: "BIGINT",
      transaction_id: "BIGINT",
      session_id: "INTEGER",
      database_name: "char64",
      table_id: "INTEGER",
      start_time: "TIMESTAMP",
      file_name: "char256",
      line_number: "BIGINT",
      column_name: "char127",
      column_type: "char10",
      column_length: "char10",
      position: "INTEGER",
      error_code: "INTEGER",
      error_message: "char512",
    },
    rows: ({ loadErrors }) => loadErrors.map(errorDetailRow),
  },
  stl_load_errors: {
    kind: "loadErrors",
    columns: {
      userid: "INTEGER",
      slice: "INTEGER",
      tbl: "INTEGER",
      starttime: "TIMESTAMP",
      session: "INTEGER",
      query: "BIGINT",
      filename: "char256",
      line_number: "BIGINT",
      colname: "char127",
      type: "char10",
      col_length: "char10",
      position: "INTEGER",
      raw_line: "char1024",
      raw_field_value: "char1024",
      err_code: "INTEGER",
      err_reason: "char256",
      is_partial: "INTEGER",
      start_offset: "BIGINT",
      copy_job_id: "BIGINT",
    },
    rows: ({ loadErrors }) => loadErrors.map(errorRow),
  },
}

const statusLetters: Record<CopyFileFacts["status"], string> = { pending: "P", ingested: "I", error: "E" }

function fileRow({ job, status, ...file }: CopyFileFacts): Cell[] {
  return [
    undefined,
    job.database,
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
function channelRow({ integration, bucket, database, name }: CopyFacts["copyJobs"][number]): Cell[] {
  const isThere = integration !== undefined && integration.status !== "deleting"
  const isEstablished = isThere && !["creating", "failed"].includes(integration.status)
  const state = isEstablished ? "Established" : isThere ? "Pending" : "Inactive"
  return [
    undefined,
    isThere ? integration.arn : undefined,
    bucket,
    state,
    database,
    name,
    isEstablished ? 0 : 1,
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
