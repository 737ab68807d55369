import type { Migration } from "../migrate.ts"

/**
 * Sources that another process does not reach, and that answer this one, with the milliseconds since then: a pipeline moves only
 * to where it can run.
 */
export const reachedSources: Migration = {
  number: 28,
  name: "reached sources",
  statements: ["alter table millrace.workers add column reaches jsonb not null default '{}'"],
}
