import type { Migration } from "../migrate.ts"

/** Integrations of customer profiles, the runs of their flows, and the objects that flows have read. All of it goes with its domain. */
export const profileFlows: Migration = {
  number: 35,
  name: "profile flows",
  statements: [
    `create table millrace.profile_integrations (
      number integer generated always as identity primary key,
      domain integer not null references millrace.profile_domains (number) on delete cascade,
      uri text not null,
      object_type_name text,
      object_type_names jsonb not null,
      event_trigger_names text[] not null,
      scope text not null,
      flow_definition text,
      role_arn text,
      tags jsonb not null,
      position text,
      run_wanted boolean not null,
      last_due_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      constraint profile_integrations_uri unique (domain, uri)
    )`,
    `create table millrace.profile_flow_runs (
      number bigint generated always as identity primary key,
      id uuid not null default gen_random_uuid(),
      domain integer not null references millrace.profile_domains (number) on delete cascade,
      integration integer not null,
      uri text not null,
      object_type text not null,
      status text not null,
      generation bigint not null,
      is_complete boolean not null,
      pull_from timestamptz,
      pull_to timestamptz not null,
      bytes_processed bigint not null default 0,
      bytes_written bigint not null default 0,
      records_processed bigint not null default 0,
      records_ingested bigint not null default 0,
      records_filtered bigint not null default 0,
      records_refused bigint not null default 0,
      attempts integer not null default 0,
      error_info text,
      started_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      ended_at timestamptz
    )`,
    `create unique index profile_flow_runs_open on millrace.profile_flow_runs (integration)
      where status in ('InProgress', 'CancelStarted')`,
    "create index profile_flow_runs_domain on millrace.profile_flow_runs (domain, number)",
    // `records`: how many of the object's records are ingested; `run`: the run that read it.
    `create table millrace.profile_flow_objects (
      integration integer not null references millrace.profile_integrations (number) on delete cascade,
      key text not null,
      etag text not null,
      records bigint not null,
      is_ended boolean not null,
      run bigint not null,
      primary key (integration, key)
    )`,
  ],
}
