import type { Migration } from "../migrate.ts"

/**
 * Integrations of the governance API, each with at most one job, which has an owner by a lease; and the log of the jobs' steps.
 * No secret is here but the system account's password in an envelope.
 */
export const governanceIntegrations: Migration = {
  number: 29,
  name: "governance integrations",
  statements: [
    `create table millrace.governance_integrations (
       id bigint generated always as identity primary key,
       type text not null,
       host text not null,
       auto_bootstrap boolean not null,
       status text not null,
       config jsonb not null,
       dialect text not null,
       fingerprint text not null,
       account jsonb,
       validation_results jsonb not null,
       pending jsonb,
       job_kind text,
       job_number bigint not null default 0,
       job_owner text,
       job_expires_at timestamptz,
       validated_at timestamptz not null default clock_timestamp(),
       created_at timestamptz not null default clock_timestamp(),
       updated_at timestamptz not null default clock_timestamp()
     )`,
    `create unique index governance_integrations_host on millrace.governance_integrations (type, host)
       where status not in ('disabled', 'deleted')`,
    `create table millrace.governance_steps (
       id bigint generated always as identity primary key,
       integration_id bigint not null references millrace.governance_integrations,
       job_number bigint not null,
       at timestamptz not null default clock_timestamp(),
       step text not null,
       event text not null,
       message text
     )`,
    `create index governance_steps_integration on millrace.governance_steps (integration_id, id)`,
  ],
}
