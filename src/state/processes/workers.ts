import { type Kysely, sql } from "kysely"
import { type LeaseOwner, leaseMs } from "../leases.ts"
import type { StateSchema } from "../schema.ts"

/** What a process says of its network. */
export interface Reached {
  /** ARNs of sources and warehouses that it cannot reach now, or doubts to. */
  unreachable: readonly string[]
  /** Milliseconds since a source answered it, by ARN; of those that another process cannot reach. */
  reaches: ReadonlyMap<string, number>
}

/** A process that can own pipelines. */
export interface Worker extends Reached {
  owner: string
  /** Milliseconds since it said for the first time that it is there. */
  ageMs: number
}

/** A pipeline that somebody owns now. */
export interface OwnedPipeline {
  pipeline: string
  owner: string
  /** Milliseconds until its lease runs out unless it is prolonged. */
  leftMs: number
}

/**
 * The processes that can own pipelines, as each says of itself: by it they share the pipelines. Nothing is fenced by it: who owns
 * a pipeline is decided by its lease alone. Times are of the state database's clock.
 */
export interface WorkerStore {
  /** The process is there for another `leaseMs`; it takes the place of an earlier process of its host. */
  put(owner: LeaseOwner, reached: Reached): Promise<void>
  /** The process takes no more pipelines. Repeatable. */
  leave(owner: LeaseOwner): Promise<void>
  /** Those that are there, and what is owned, at one moment. */
  present(): Promise<{ workers: Worker[]; owned: OwnedPipeline[] }>
}

const table = sql.raw("millrace.workers")
const leases = sql.raw("millrace.pipeline_leases")
const lastsUntil = sql.raw(`clock_timestamp() + interval '${leaseMs} milliseconds'`)
/** Hosts that are gone for good are forgotten. */
const forgottenAfter = sql.raw("interval '1 day'")

interface PresentRow {
  owner: string
  /** Null: a worker. */
  pipeline: string | null
  unreachable: string[] | null
  reaches: Record<string, number> | null
  /** Since it said so. */
  agoMs: number | null
  ms: number
}

export function workerStore(db: Kysely<StateSchema>): WorkerStore {
  return {
    async put({ owner, host }, { unreachable, reaches }) {
      await sql`insert into ${table} as worker (host, owner, unreachable, reaches, begun_at, expires_at)
        values (${host}, ${owner}, ${[...unreachable]}::text[], ${JSON.stringify(Object.fromEntries(reaches))}::jsonb, clock_timestamp(), ${lastsUntil})
        on conflict (host) do update set owner = excluded.owner, unreachable = excluded.unreachable,
          reaches = excluded.reaches, expires_at = ${lastsUntil},
          begun_at = case when worker.owner = excluded.owner and worker.expires_at > clock_timestamp()
            then worker.begun_at else clock_timestamp() end`.execute(db)
    },
    async leave({ owner }) {
      await sql`delete from ${table}
        where owner = ${owner} or expires_at < clock_timestamp() - ${forgottenAfter}`.execute(db)
    },
    async present() {
      const { rows } = await sql<PresentRow>`
        select owner, null as pipeline, unreachable, reaches,
          (extract(epoch from clock_timestamp() - expires_at) * 1000)::float8 + ${leaseMs} as "agoMs",
          (extract(epoch from clock_timestamp() - begun_at) * 1000)::float8 as ms
        from ${table} where expires_at > clock_timestamp()
        union all
        select owner, pipeline, null, null, null, (extract(epoch from expires_at - clock_timestamp()) * 1000)::float8
        from ${leases} where expires_at > clock_timestamp()`.execute(db)
      return {
        workers: rows.flatMap((row) => (row.pipeline === null ? [workerOf(row)] : [])),
        owned: rows.flatMap(({ owner, pipeline, ms }) =>
          pipeline === null ? [] : [{ owner, pipeline, leftMs: ms }],
        ),
      }
    },
  }
}

function workerOf({ owner, unreachable, reaches, agoMs, ms }: PresentRow): Worker {
  const answers = Object.entries(reaches ?? {}).map(([arn, before]) => [arn, before + (agoMs ?? 0)] as const)
  return { owner, unreachable: unreachable ?? [], reaches: new Map(answers), ageMs: ms }
}
