import type { Migration } from "../migrate.ts"

/** What only a process that has a warehouse open can see of it, for the other processes. */
export const warehouseObservations: Migration = {
  number: 20,
  name: "warehouse observations",
  statements: [
    `create table millrace.warehouse_observations (
      target_arn text primary key,
      unopened jsonb not null,
      seen_at timestamptz not null
    )`,
    `create table millrace.row_counts (
      integration_id uuid not null,
      source_database text not null,
      counts jsonb not null,
      counted_at timestamptz not null,
      primary key (integration_id, source_database),
      foreign key (integration_id, source_database)
        references millrace.pipelines (integration_id, source_database) on delete cascade
    )`,
  ],
}
