import type { Migration } from "../migrate.ts"

/** What callers ask of pipelines, and what became of it: whoever owns the pipeline takes the order. */
export const orders: Migration = {
  number: 14,
  name: "orders",
  statements: [
    `create table millrace.pipeline_orders (
      id bigint generated always as identity primary key,
      integration_id uuid not null,
      source_database text not null,
      kind text not null,
      parameters jsonb not null,
      asked_by text not null,
      state text not null default 'asked' check (state in ('asked', 'taken', 'done', 'failed', 'expired')),
      result jsonb,
      fault jsonb,
      taken_by text,
      attempts integer not null default 0,
      asked_at timestamptz not null default clock_timestamp(),
      taken_at timestamptz,
      ended_at timestamptz,
      expires_at timestamptz not null,
      foreign key (integration_id, source_database)
        references millrace.pipelines (integration_id, source_database) on delete cascade
    )`,
    `create index pipeline_orders_open on millrace.pipeline_orders (integration_id, source_database)
      where state in ('asked', 'taken')`,
    `create unique index pipeline_orders_one_verification on millrace.pipeline_orders (integration_id, source_database)
      where kind = 'verify' and state in ('asked', 'taken')`,
    "create index pipeline_orders_of_pipeline on millrace.pipeline_orders (integration_id, source_database, kind, id)",
  ],
}
