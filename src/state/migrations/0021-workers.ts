import type { Migration } from "../migrate.ts"

/** Which processes can own pipelines, so that they share them evenly; one for each host, whose data folder only one can have. */
export const workers: Migration = {
  number: 21,
  name: "workers",
  statements: [
    `create table millrace.workers (
      host text primary key,
      owner text not null,
      unreachable text[] not null,
      begun_at timestamptz not null,
      expires_at timestamptz not null
    )`,
  ],
}
