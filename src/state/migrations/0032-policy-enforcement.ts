import type { Migration } from "../migrate.ts"

/** How policies hold in each database whose own server applies them, as the process that sees to it found last. */
export const policyEnforcement: Migration = {
  number: 32,
  name: "policy enforcement",
  statements: [
    `create table millrace.policy_enforcement (
       target_arn text not null,
       database_name text not null,
       is_governed boolean not null,
       version bigint,
       problems jsonb not null,
       seen_at timestamptz not null,
       primary key (target_arn, database_name)
     )`,
  ],
}
