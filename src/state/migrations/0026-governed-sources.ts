import type { Migration } from "../migrate.ts"

/** Governed tables, the rules that govern every table of a database, and tags on both. */
export const governedSources: Migration = {
  number: 26,
  name: "governed sources",
  statements: [
    `create table millrace.source_rules (
      id integer generated always as identity primary key,
      connection_key text not null,
      integration_name text,
      database_name text not null,
      schema_name text,
      formats jsonb not null,
      tags text[] not null,
      owners jsonb not null,
      created_by text not null,
      created_at timestamptz(3) not null default now(),
      constraint source_rules_key unique (connection_key)
    )`,
    `create unique index source_rules_place on millrace.source_rules (database_name, coalesce(schema_name, ''))`,
    `create table millrace.governed_sources (
      id integer generated always as identity primary key,
      name text not null,
      connection_key text,
      rule_id integer references millrace.source_rules on delete cascade,
      database_name text not null,
      schema_name text not null,
      table_name text not null,
      view_schema text not null,
      view_name text not null,
      event_time_column text,
      salt_id text not null,
      description text,
      created_by text not null,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint governed_sources_name unique (name),
      constraint governed_sources_table unique (database_name, schema_name, table_name),
      constraint governed_sources_view unique (database_name, view_schema, view_name)
    )`,
    `create table millrace.source_columns (
      source_id integer not null references millrace.governed_sources on delete cascade,
      position integer not null,
      name text not null,
      kind text not null,
      type text not null,
      primary key (source_id, name)
    )`,
    `create table millrace.governance_tags (
      id integer generated always as identity primary key,
      name text not null,
      created_by text not null,
      created_at timestamptz(3) not null default now(),
      constraint governance_tags_name unique (name)
    )`,
    // No reference to a column: a tag waits for a column that comes later, and comes back with one that was gone.
    `create table millrace.source_tags (
      source_id integer not null references millrace.governed_sources on delete cascade,
      column_name text not null,
      tag_id integer not null references millrace.governance_tags on delete cascade,
      added_at timestamptz(3) not null default now(),
      primary key (source_id, column_name, tag_id)
    )`,
    `create table millrace.salts (
      id text primary key,
      secret bytea not null
    )`,
  ],
}
