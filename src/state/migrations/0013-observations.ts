import type { Migration } from "../migrate.ts"

/**
 * What the owners of pipelines see of them, for every process. `observers` holds one heartbeat for each process that runs
 * pipelines: a pipeline's row is as new as its owner's heartbeat, so that idle pipelines cost nothing.
 */
export const observations: Migration = {
  number: 13,
  name: "observations",
  statements: [
    "alter table millrace.pipelines add column launched_at timestamptz not null default clock_timestamp()",
    `create table millrace.observers (
      owner text primary key,
      sequence bigint not null,
      seen_at timestamptz not null
    )`,
    `create table millrace.pipeline_observations (
      integration_id uuid not null,
      source_database text not null,
      owner text not null,
      generation bigint not null default 0,
      changed_at timestamptz not null,
      facts jsonb not null,
      primary key (integration_id, source_database),
      foreign key (integration_id, source_database)
        references millrace.pipelines (integration_id, source_database) on delete cascade
    )`,
    `create table millrace.table_observations (
      integration_id uuid not null,
      source_database text not null,
      table_id text not null,
      facts jsonb not null,
      primary key (integration_id, source_database, table_id),
      foreign key (integration_id, source_database)
        references millrace.pipeline_observations (integration_id, source_database) on delete cascade
    )`,
  ],
}
