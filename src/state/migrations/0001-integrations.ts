import type { Migration } from "../migrate.ts"

/**
 * created_at keeps milliseconds only, so that a Date read back equals what is stored and can serve as a cursor.
 * A destination name is folded to lower case where it must be unique: DuckDB and some file systems ignore case.
 * A pipeline holds its integration back from removal (its reading place at the source must be given back first);
 * tables and destinations go with it.
 */
export const integrations: Migration = {
  number: 1,
  name: "integrations",
  statements: [
    `create table millrace.integrations (
      id uuid primary key,
      arn text not null unique,
      service text not null check (service in ('rds', 'redshift')),
      name text not null constraint integrations_name unique,
      description text,
      source_arn text not null,
      target_arn text not null,
      data_filter text,
      kms_key_id text,
      additional_encryption_context jsonb not null,
      tags jsonb not null,
      status text not null,
      errors jsonb not null,
      created_at timestamptz(3) not null,
      constraint integrations_pair unique (source_arn, target_arn)
    )`,
    "create unique index integrations_creating on millrace.integrations (source_arn) where status = 'creating'",
    "create index integrations_order on millrace.integrations (created_at, id)",
    `create table millrace.destinations (
      integration_id uuid not null references millrace.integrations on delete cascade,
      target_arn text not null,
      source_database text not null,
      destination_database text not null,
      primary key (integration_id, source_database)
    )`,
    `create unique index destinations_name
      on millrace.destinations (target_arn, lower(destination_database))`,
    `create table millrace.pipelines (
      integration_id uuid not null references millrace.integrations on delete restrict,
      source_database text not null,
      destination_database text not null,
      source_handle text not null,
      primary key (integration_id, source_database)
    )`,
    `create table millrace.tables (
      integration_id uuid not null references millrace.integrations on delete cascade,
      source_database text not null,
      table_id text not null,
      schema text not null,
      name text not null,
      state text not null,
      reason text,
      key_columns text[] not null,
      snapshot_rows bigint,
      updated_at timestamptz(3) not null,
      primary key (integration_id, source_database, table_id)
    )`,
  ],
}
