import type { Migration } from "../migrate.ts"

/** Keys of the governance API and tokens that were given for them: SHA-256 digests of random secrets, never the secrets. */
export const apiKeys: Migration = {
  number: 24,
  name: "api keys",
  statements: [
    `create table millrace.api_keys (
       id bigint generated always as identity primary key,
       name text not null,
       digest bytea not null unique,
       permissions text[] not null,
       created_at timestamptz not null default clock_timestamp(),
       revoked_at timestamptz
     )`,
    `create unique index api_keys_name on millrace.api_keys (name) where revoked_at is null`,
    `create table millrace.api_tokens (
       digest bytea primary key,
       api_key_id bigint not null references millrace.api_keys,
       expires_at timestamptz not null
     )`,
    `create index api_tokens_expires_at on millrace.api_tokens (expires_at)`,
    `alter table millrace.audit add column before jsonb, add column after jsonb`,
  ],
}
