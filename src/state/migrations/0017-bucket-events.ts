import type { Migration } from "../migrate.ts"

/** Events of buckets that one process was told of and another loads. */
export const bucketEvents: Migration = {
  number: 17,
  name: "bucket events",
  statements: [
    `create table millrace.bucket_events (
      id bigint generated always as identity primary key,
      target_arn text not null,
      bucket text not null,
      object_key text not null,
      etag text not null,
      size_bytes bigint not null,
      modified_at timestamptz not null,
      noted_at timestamptz not null default now()
    )`,
    `create index bucket_events_of_target on millrace.bucket_events (target_arn, id)`,
    `create index bucket_events_by_age on millrace.bucket_events (noted_at)`,
  ],
}
