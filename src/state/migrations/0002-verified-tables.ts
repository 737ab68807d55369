import type { Migration } from "../migrate.ts"

/** When and where a table was last compared with its source, and how many rows differed then. */
export const verifiedTables: Migration = {
  number: 2,
  name: "verified tables",
  statements: [
    `alter table millrace.tables
      add column verified_position text,
      add column verified_at timestamptz(3),
      add column verified_differences bigint`,
  ],
}
