import type { Migration } from "../migrate.ts"

/**
 * Customer profiles. Rows of a domain carry its number, those of an object type also the type's: whatever is made anew under an old name
 * has another number, so that rows of a deleted one can be removed piece by piece later. No foreign keys: a batch writes thousands of
 * rows, and every write holds its domain's lock.
 */
export const profiles: Migration = {
  number: 33,
  name: "profiles",
  statements: [
    `create table millrace.profile_domains (
      number integer generated always as identity primary key,
      name text not null constraint profile_domains_name unique,
      default_expiration_days integer not null,
      default_encryption_key text,
      dead_letter_queue_url text,
      matching text,
      rule_based_matching text,
      data_store text,
      tags jsonb not null default '{}',
      profile_count bigint not null default 0,
      object_count bigint not null default 0,
      object_bytes bigint not null default 0,
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp()
    )`,
    `create table millrace.profile_object_types (
      number integer generated always as identity primary key,
      domain integer not null,
      name text not null,
      description text not null,
      template_id text,
      encryption_key text,
      expiration_days integer,
      allow_profile_creation boolean not null,
      timestamp_format text,
      max_profile_objects integer,
      source_priority integer,
      fields text not null,
      keys text not null,
      tags jsonb not null default '{}',
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      unique (domain, name)
    )`,
    `create table millrace.profiles (
      domain integer not null,
      id uuid not null,
      fields jsonb not null,
      provenance jsonb not null,
      object_count integer not null default 0,
      object_bytes bigint not null default 0,
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz not null,
      primary key (domain, id)
    ) with (fillfactor = 80)`,
    // `number` names the object in profile_keys; an object is found by its type and unique key, or by its profile.
    `create table millrace.profile_objects (
      domain integer not null,
      type integer not null,
      unique_key text not null,
      number bigint generated always as identity,
      profile uuid not null,
      object text not null,
      content_hash bytea not null,
      source_time timestamptz,
      integration_uri text,
      ingested_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz not null,
      primary key (type, unique_key)
    )`,
    "create index profile_objects_profile on millrace.profile_objects (profile, type)",
    "create index profile_objects_expiry on millrace.profile_objects using brin (expires_at)",
    // `object`: the one that gave the key; 0: values that people set; -1: a key that people added.
    `create table millrace.profile_keys (
      domain integer not null,
      name text not null,
      value text not null,
      profile uuid not null,
      object bigint not null,
      primary key (domain, name, value, profile, object)
    )`,
    "create index profile_keys_profile on millrace.profile_keys (profile, object)",
    `create table millrace.profile_history (
      domain integer not null,
      number bigint generated always as identity,
      profile uuid not null,
      action text not null,
      type integer,
      unique_key text,
      performed_by text,
      happened_at timestamptz not null default clock_timestamp(),
      primary key (domain, number)
    )`,
    "create index profile_history_profile on millrace.profile_history (profile, number)",
    `create table millrace.profile_dead_letters (
      domain integer not null,
      number bigint generated always as identity,
      object_type text not null,
      integration_uri text,
      reason text not null,
      message text not null,
      object text not null,
      happened_at timestamptz not null default clock_timestamp(),
      primary key (domain, number)
    )`,
    // Rows of deleted domains (no type) and of deleted object types that are still to be removed.
    `create table millrace.profile_removals (
      number bigint generated always as identity primary key,
      domain integer not null,
      type integer,
      requested_at timestamptz not null default clock_timestamp()
    )`,
  ],
}
