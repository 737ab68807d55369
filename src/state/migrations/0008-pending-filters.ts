import type { Migration } from "../migrate.ts"

/** A data filter may be changed; the change is carried out from here on, whatever happens in between. */
export const pendingFilters: Migration = {
  number: 8,
  name: "pending-filters",
  statements: ["alter table millrace.integrations add column filter_pending boolean not null default false"],
}
