import type { Migration } from "../migrate.ts"

/** What the pipelines did, for people to look back on. It outlives the integrations; only the newest is kept. */
export const history: Migration = {
  number: 6,
  name: "history",
  statements: [
    `create table millrace.activities (
      id bigint generated always as identity primary key,
      integration_id uuid not null,
      source_database text not null,
      target_database text not null,
      kind text not null check (kind in ('snapshot', 'cdc')),
      position text,
      bytes bigint,
      last_commit_at timestamptz(3),
      tables integer not null,
      started_at timestamptz(3) not null,
      ended_at timestamptz(3) not null
    )`,
    `create table millrace.table_state_changes (
      id bigint generated always as identity primary key,
      integration_id uuid not null,
      target_database text not null,
      schema text not null,
      name text not null,
      state text not null,
      reason text,
      position text,
      recorded_at timestamptz(3) not null
    )`,
  ],
}
