import type { Migration } from "../migrate.ts"

/**
 * Who may do what, and who did what. A database name of a partner is compared exactly, as the API gives it. The audit
 * trail is a ring by number and age: its numbers only grow, so the oldest rows are the lowest.
 */
export const governance: Migration = {
  number: 3,
  name: "governance",
  statements: [
    `create table millrace.partners (
      cluster text not null,
      database_name text not null,
      partner_name text not null,
      status text not null,
      status_message text,
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      primary key (cluster, database_name, partner_name)
    )`,
    "create index partners_by_name on millrace.partners (partner_name)",
    `create table millrace.resource_policies (
      resource_arn text primary key,
      policy text not null,
      updated_at timestamptz(3) not null
    )`,
    `create table millrace.resource_tags (
      resource_arn text primary key,
      tags jsonb not null
    )`,
    `create table millrace.audit (
      id bigint generated always as identity primary key,
      at timestamptz(3) not null,
      request_id text not null,
      door text not null,
      operation text not null,
      access_key_id text not null,
      policy text not null,
      address text,
      resource text,
      parameters jsonb not null,
      outcome text
    )`,
    "create index audit_at on millrace.audit (at)",
  ],
}
