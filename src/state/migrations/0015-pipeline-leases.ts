import type { Migration } from "../migrate.ts"

/** Which process owns a pipeline, until when, and the generation that fences the owners before it. */
export const pipelineLeases: Migration = {
  number: 15,
  name: "pipeline leases",
  statements: [
    `create table millrace.pipeline_leases (
      pipeline text primary key,
      owner text not null,
      host text not null,
      host_name text not null,
      is_pinned boolean not null,
      generation bigint not null check (generation > 0),
      expires_at timestamptz not null
    )`,
  ],
}
