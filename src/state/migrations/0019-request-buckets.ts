import type { Migration } from "../migrate.ts"

/**
 * How many calls each access key may still make, over all processes. Unlogged: it costs no write of the log, and after a crash of
 * the server each key has its whole burst again.
 */
export const requestBuckets: Migration = {
  number: 19,
  name: "request buckets",
  statements: [
    `create unlogged table millrace.request_buckets (
      access_key_id text primary key,
      tokens float8 not null,
      granted integer not null,
      at timestamptz not null
    )`,
  ],
}
