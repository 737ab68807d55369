import type { Migration } from "../migrate.ts"

/** Runs of COPY, those that loaded something among them. */
export const loadRuns: Migration = {
  number: 22,
  name: "load runs",
  statements: [
    `create table millrace.load_runs (
      id bigint generated always as identity primary key,
      query_id bigint not null,
      session_id integer not null,
      job_id bigint,
      user_name text not null,
      database_name text not null,
      table_name text not null,
      started_at timestamptz(3) not null,
      ended_at timestamptz(3) not null,
      status text not null,
      source text not null,
      format text not null,
      rows bigint not null,
      files integer not null,
      file_bytes bigint not null,
      errors integer not null
    )`,
  ],
}
