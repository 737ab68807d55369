import type { Migration } from "../migrate.ts"

/** Which process of the host owns a pipeline, and which file keeps it there. */
export const leasePlaces: Migration = {
  number: 18,
  name: "lease places",
  statements: [`alter table millrace.pipeline_leases add column process_id integer, add column file text`],
}
