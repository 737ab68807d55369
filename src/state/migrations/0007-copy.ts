import type { Migration } from "../migrate.ts"

/** COPY: its jobs, what they said, and the rows that were not loaded. Which files are loaded stands in the warehouse. */
export const copy: Migration = {
  number: 7,
  name: "copy",
  statements: [
    `create table millrace.copy_jobs (
      id bigint generated always as identity primary key,
      name text not null,
      target_arn text not null,
      database_name text not null,
      schema_name text not null,
      table_name text not null,
      columns jsonb,
      owner text not null,
      bucket text not null,
      prefix text not null,
      iam_role text,
      statement text not null,
      options jsonb not null,
      is_auto boolean not null,
      includes_existing boolean not null,
      created_at timestamptz(3) not null
    )`,
    `create unique index copy_jobs_name on millrace.copy_jobs (lower(name))`,
    `create table millrace.copy_job_messages (
      id bigint generated always as identity primary key,
      job_id bigint not null,
      job_name text not null,
      database_name text not null,
      recorded_at timestamptz(3) not null,
      message text not null
    )`,
    `create table millrace.load_errors (
      id bigint generated always as identity primary key,
      query_id bigint not null,
      session_id integer not null,
      job_id bigint,
      user_name text not null,
      database_name text not null,
      table_name text not null,
      started_at timestamptz(3) not null,
      bucket text not null,
      key text not null,
      line bigint not null,
      column_name text not null,
      column_type text not null,
      column_length text not null,
      position integer not null,
      raw_line text not null,
      raw_value text not null,
      code integer not null,
      reason text not null
    )`,
    `create sequence millrace.copy_queries`,
  ],
}
