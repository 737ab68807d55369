import type { Migration } from "../migrate.ts"

/**
 * Users made by CREATE USER, and what anybody was granted. A grantee may also be a user of the configuration, or
 * `public`, so that grants do not hang on sql_users. "" stands for no schema, or no table: NULLs would not be unique.
 */
export const sqlUsers: Migration = {
  number: 5,
  name: "sql users",
  statements: [
    `create table millrace.sql_users (
      name text primary key,
      superuser boolean not null,
      create_databases boolean not null,
      verifier text,
      valid_until timestamptz(3),
      created_at timestamptz(3) not null default now()
    )`,
    `create table millrace.sql_grants (
      grantee text not null,
      privilege text not null,
      database text not null,
      schema text not null,
      table_name text not null,
      granted_at timestamptz(3) not null default now(),
      primary key (grantee, database, schema, table_name, privilege)
    )`,
  ],
}
