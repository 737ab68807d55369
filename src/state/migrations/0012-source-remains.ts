import type { Migration } from "../migrate.ts"

/** What could not be removed from a source in time, when its integration was deleted: it is removed when the source is back. */
export const sourceRemains: Migration = {
  number: 12,
  name: "source remains",
  statements: [
    `create table millrace.source_remains (
      source_handle text primary key,
      source_arn text not null,
      source_database text not null,
      since timestamptz not null default now()
    )`,
  ],
}
