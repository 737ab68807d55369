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
  /** Keeps each for every warehouse that has a job of its bucket, but `without`; others are nobody's. */
  add(events: readonly BucketEvent[], without?: readonly EventsTaker[]): Promise<void>
  /** Takes the oldest out, at most so many. */
  take(taker: EventsTaker, atMost: number): Promise<BucketEvent[]>
}

/** Whose jobs wait for events: a warehouse's, or of one in files those of one host. */
export interface EventsTaker {
  targetArn: string
  /** Undefined: any host reaches the warehouse. */
  host: string | undefined
}

export function bucketEventStore(db: Kysely<StateSchema>): BucketEventStore {
  return {
    add: (events, without = []) => add(db, events, without),
    take: (taker, atMost) => take(db, taker, atMost),
  }
}

async function add(
  db: Kysely<StateSchema>,
  events: readonly BucketEvent[],
  without: readonly EventsTaker[],
): Promise<void> {
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
  const left = JSON.stringify(without.map(({ targetArn, host }) => ({ target_arn: targetArn, host })))
  await sql`insert into millrace.bucket_events (target_arn, host, bucket, object_key, etag, size_bytes, modified_at)
    select job.target_arn, job.host, told.bucket, told.object_key, told.etag, told.size_bytes, told.modified_at from
      (select distinct target_arn, host, bucket from millrace.copy_jobs as one where not exists
        (select from jsonb_to_recordset(${left}::jsonb) as without (target_arn text, host text)
         where without.target_arn = one.target_arn and without.host is not distinct from one.host)) as job,
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

async function take(
  db: Kysely<StateSchema>,
  { targetArn, host = null }: EventsTaker | { targetArn: string; host: null },
  atMost: number,
): Promise<BucketEvent[]> {
  const { rows } = await sql<BucketEventRow>`delete from millrace.bucket_events where id in
      (select id from millrace.bucket_events where target_arn = ${targetArn} and host is not distinct from ${host}::text order by id limit ${atMost} for update skip locked)
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
