import { type Kysely, sql } from "kysely"
import { type LeaseOwner, leaseMs } from "../leases.ts"
import type { StateSchema } from "../schema.ts"

/** A process that can own pipelines. */
export interface Worker {
  owner: string
  /** ARNs of sources and warehouses that it cannot reach now. */
  unreachable: readonly string[]
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
  put(owner: LeaseOwner, unreachable: readonly string[]): Promise<void>
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
  ms: number
}

export function workerStore(db: Kysely<StateSchema>): WorkerStore {
  return {
    async put({ owner, host }, unreachable) {
      await sql`insert into ${table} as worker (host, owner, unreachable, begun_at, expires_at)
        values (${host}, ${owner}, ${[...unreachable]}::text[], clock_timestamp(), ${lastsUntil})
        on conflict (host) do update set owner = excluded.owner, unreachable = excluded.unreachable, expires_at = ${lastsUntil},
          begun_at = case when worker.owner = excluded.owner and worker.expires_at > clock_timestamp()
            then worker.begun_at else clock_timestamp() end`.execute(db)
    },
    async leave({ owner }) {
      await sql`delete from ${table}
        where owner = ${owner} or expires_at < clock_timestamp() - ${forgottenAfter}`.execute(db)
    },
    async present() {
      const { rows } = await sql<PresentRow>`
        select owner, null as pipeline, unreachable,
          (extract(epoch from clock_timestamp() - begun_at) * 1000)::float8 as ms
        from ${table} where expires_at > clock_timestamp()
        union all
        select owner, pipeline, null, (extract(epoch from expires_at - clock_timestamp()) * 1000)::float8
        from ${leases} where expires_at > clock_timestamp()`.execute(db)
      return {
        workers: rows.flatMap(({ owner, pipeline, unreachable, ms }) =>
          pipeline === null ? [{ owner, unreachable: unreachable ?? [], ageMs: ms }] : [],
        ),
        owned: rows.flatMap(({ owner, pipeline, ms }) =>
          pipeline === null ? [] : [{ owner, pipeline, leftMs: ms }],
        ),
      }
    },
  }
}
