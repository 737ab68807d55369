import type { Migration } from "../migrate.ts"

/** How many of a table's rows its latest comparison found to be copies of others. */
export const duplicates: Migration = {
  number: 10,
  name: "duplicates",
  statements: ["alter table millrace.tables add column verified_duplicates bigint not null default 0"],
}
