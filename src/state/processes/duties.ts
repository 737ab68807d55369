import { type Kysely, sql } from "kysely"
import { type LeaseOwner, leaseMs } from "../leases.ts"
import type { StateSchema } from "../schema.ts"

/**
 * Who does what is done once for the whole installation: a lease for each duty, of `leaseMs` by the state database's clock alone.
 * A duty needs no generation: what is done under it may be done twice, and is not done by two processes for long.
 */
export interface DutyStore {
  /** Prolongs those that the owner has, and takes those that nobody has; the names of those that are the owner's now. */
  hold(owner: LeaseOwner, names: readonly string[]): Promise<string[]>
  /** Gives them back, so that they can be taken at once. Repeatable; those of another owner are left alone. */
  release(owner: LeaseOwner, names: readonly string[]): Promise<void>
  /** As of leases: only for a process that has proved the others of its host dead. */
  endPredecessors(owner: LeaseOwner): Promise<void>
  /** The owner of each duty that somebody has now, by name. */
  holders(): Promise<Map<string, string>>
}

const table = sql.raw("millrace.duties")
const lastsUntil = sql.raw(`clock_timestamp() + interval '${leaseMs} milliseconds'`)

export function dutyStore(db: Kysely<StateSchema>): DutyStore {
  return {
    async hold({ owner, host }, names) {
      // In the order of their names: two that take several at once do not wait for one another in a circle.
      const { rows } = await sql<{ name: string }>`
        insert into ${table} as duty (name, owner, host, expires_at)
        select name, ${owner}::text, ${host}::text, ${lastsUntil} from unnest(${[...names]}::text[]) as name order by name
        on conflict (name) do update set owner = excluded.owner, host = excluded.host, expires_at = ${lastsUntil}
        where duty.owner = excluded.owner or duty.expires_at <= clock_timestamp()
        returning name`.execute(db)
      return rows.map(({ name }) => name)
    },
    async release({ owner }, names) {
      await sql`update ${table} set expires_at = clock_timestamp()
        where owner = ${owner} and name = any(${[...names]}::text[]) and expires_at > clock_timestamp()`.execute(
        db,
      )
    },
    async endPredecessors({ owner, host }) {
      await sql`update ${table} set expires_at = clock_timestamp()
        where host = ${host} and owner <> ${owner} and expires_at > clock_timestamp()`.execute(db)
    },
    async holders() {
      const { rows } = await sql<{ name: string; owner: string }>`
        select name, owner from ${table} where expires_at > clock_timestamp() order by name`.execute(db)
      return new Map(rows.map(({ name, owner }) => [name, owner]))
    },
  }
}
