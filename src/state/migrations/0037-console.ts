import type { Migration } from "../migrate.ts"

/** Who is signed in to the console, and one-time links: SHA-256 digests of random secrets, never the secrets. */
export const consoleSessions: Migration = {
  number: 37,
  name: "console sessions",
  statements: [
    `create table millrace.console_sessions (
       id uuid primary key default gen_random_uuid(),
       digest bytea not null unique,
       user_name text not null,
       role text not null,
       address text,
       created_at timestamptz not null default clock_timestamp(),
       expires_at timestamptz not null
     )`,
    `create index console_sessions_user_name on millrace.console_sessions (user_name)`,
    `create table millrace.console_links (
       digest bytea primary key,
       user_name text not null,
       role text not null,
       expires_at timestamptz not null
     )`,
  ],
}
