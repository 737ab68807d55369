import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"

/** An object that came into a bucket, as an event told. */
export interface BucketEvent {
  bucket: string
  object: { key: string; etag: string; sizeBytes: number; modifiedAt: Date }
}

/**
 * Events of buckets on their way from the process that was told to the one that runs the warehouse's copy jobs. A process
 * that starts lists the buckets, so events may be forgotten while it is away.
 */
export interface BucketEventStore {
  /** Keeps each for every warehouse that has a job of its bucket; others are nobody's. */
  add(events: readonly BucketEvent[]): Promise<void>
  /** Takes the oldest of a warehouse out, at most so many. */
  take(targetArn: string, atMost: number): Promise<BucketEvent[]>
}

export function bucketEventStore(db: Kysely<StateSchema>): BucketEventStore {
  return {
    add: (events) => add(db, events),
    take: (targetArn, atMost) => take(db, targetArn, atMost),
  }
}

async function add(db: Kysely<StateSchema>, events: readonly BucketEvent[]): Promise<void> {
  if (events.length === 0) return
  const told = JSON.stringify(
    events.map(({ bucket, object: { key, etag, sizeBytes, modifiedAt } }) => ({
      bucket,
      object_key: key,
      etag,
      size_bytes: sizeBytes,
      modified_at: modifiedAt,
    })),
  )
  await sql`delete from millrace.bucket_events where noted_at < now() - interval '1 day'`.execute(db)
  await sql`insert into millrace.bucket_events (target_arn, bucket, object_key, etag, size_bytes, modified_at)
    select job.target_arn, told.bucket, told.object_key, told.etag, told.size_bytes, told.modified_at from
      (select distinct target_arn, bucket from millrace.copy_jobs) as job,
      rows from (jsonb_to_recordset(${told}::jsonb)
        as (bucket text, object_key text, etag text, size_bytes bigint, modified_at timestamptz))
        with ordinality as told (bucket, object_key, etag, size_bytes, modified_at, place)
    where job.bucket = told.bucket order by told.place`.execute(db)
}

interface BucketEventRow {
  id: string
  bucket: string
  object_key: string
  etag: string
  size_bytes: string
  modified_at: Date
}

async function take(db: Kysely<StateSchema>, targetArn: string, atMost: number): Promise<BucketEvent[]> {
  const { rows } = await sql<BucketEventRow>`delete from millrace.bucket_events where id in
      (select id from millrace.bucket_events where target_arn = ${targetArn} order by id limit ${atMost} for update skip locked)
    returning id, bucket, object_key, etag, size_bytes, modified_at`.execute(db)
  // Of two events of one object the later one counts.
  const oldestFirst = rows.sort((a, b) => Number(a.id) - Number(b.id))
  return oldestFirst.map((row) => ({
    bucket: row.bucket,
    object: {
      key: row.object_key,
      etag: row.etag,
      sizeBytes: Number(row.size_bytes),
      modifiedAt: row.modified_at,
    },
  }))
}
