import type { Migration } from "../migrate.ts"

/** What rules have found, who is not to be told for a while, and messages that are still to be sent. */
export const alerts: Migration = {
  number: 39,
  name: "alerts",
  statements: [
    `create table millrace.alerts (
       rule text not null,
       integration_arn text not null,
       subject text not null,
       finding jsonb not null,
       since timestamptz not null default clock_timestamp(),
       told_at timestamptz,
       primary key (rule, integration_arn, subject)
     )`,
    // Of an integration's ARN; empty: of all.
    `create table millrace.alert_silences (
       integration_arn text primary key,
       until timestamptz not null,
       by text not null
     )`,
    `create table millrace.alert_messages (
       number bigint generated always as identity primary key,
       channel text not null,
       message jsonb not null,
       created_at timestamptz not null default clock_timestamp(),
       attempts integer not null default 0,
       refusals integer not null default 0,
       next_at timestamptz not null default clock_timestamp()
     )`,
  ],
}
