import type { Migration } from "../migrate.ts"

/**
 * COPY jobs run in one process of several: a duty counts its holders, a job knows the host whose files it fills (null: any host
 * reaches its warehouse) and what keeps it from going on, and an event waits for that host.
 */
export const copyRunners: Migration = {
  number: 23,
  name: "copy runners",
  statements: [
    `alter table millrace.duties add column generation bigint not null default 0`,
    `alter table millrace.copy_jobs add column host text, add column problem_kind text, add column problem text`,
    `alter table millrace.bucket_events add column host text`,
  ],
}
