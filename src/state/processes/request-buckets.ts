import { type Kysely, sql } from "kysely"
import type { RequestLimits } from "../../domain/configuration.ts"
import type { StateSchema } from "../schema.ts"

/** Tokens of one key: each is one call. */
export interface GrantedTokens {
  granted: number
  /** What is left in the bucket; less than one when nothing was granted. */
  left: number
}

/** A bucket of tokens for each access key, shared by all processes: filled by the state database's clock. */
export interface RequestBuckets {
  /** Takes whole tokens, at most `wanted`. */
  take(accessKeyId: string, wanted: number, limits: RequestLimits): Promise<GrantedTokens>
}

export function requestBuckets(db: Kysely<StateSchema>): RequestBuckets {
  return {
    async take(accessKeyId, wanted, { perSecond, burst }) {
      // Of several at once each waits for the row, and then reads the clock: no time is counted twice.
      const { rows } = await sql<GrantedTokens>`
        insert into millrace.request_buckets as bucket (access_key_id, tokens, granted, at)
        values (${accessKeyId}, ${burst - Math.min(wanted, burst)}::float8, ${Math.min(wanted, burst)}, clock_timestamp())
        on conflict (access_key_id) do update set (tokens, granted, at) = (
          select filled - least(${wanted}::int, floor(filled)), least(${wanted}::int, floor(filled))::int, now_at
          from (
            select clock.at as now_at, least(${burst}::float8,
              bucket.tokens + greatest(0, extract(epoch from clock.at - bucket.at)) * ${perSecond}::float8) as filled
            from (select clock_timestamp() as at) as clock
          ) as bucket_now
        )
        returning granted, tokens as left`.execute(db)
      const [row] = rows
      if (row === undefined) throw new Error("a bucket of tokens gave no answer")
      return row
    },
  }
}
