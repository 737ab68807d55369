import { type Kysely, sql } from "kysely"
import { type LeaseOwner, leaseMs } from "../leases.ts"
import type { StateSchema } from "../schema.ts"

/**
 * Who does what is done once for the whole installation: a lease for each duty, of `leaseMs` by the state database's clock alone.
 * Each taking raises the duty's generation. Most need none, since what is done under them may be done twice; a warehouse refuses what
 * COPY jobs load under an earlier one.
 */
export interface DutyStore {
  /** Prolongs those that the owner has, and takes those that nobody has; those that are the owner's now, with their generations. */
  hold(owner: LeaseOwner, names: readonly string[]): Promise<Map<string, number>>
  /** The newest generation; 0: nobody ever had it. */
  generationOf(name: string): Promise<number>
  /** The generation becomes greater than `above`, which somebody else knows: the state database may have been restored. */
  raise(name: string, above: number): Promise<void>
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
      const { rows } = await sql<{ name: string; generation: string }>`
        insert into ${table} as duty (name, owner, host, expires_at, generation)
        select name, ${owner}::text, ${host}::text, ${lastsUntil}, 1 from unnest(${[...names]}::text[]) as name order by name
        on conflict (name) do update set owner = excluded.owner, host = excluded.host, expires_at = ${lastsUntil},
          generation = duty.generation + case when duty.owner = excluded.owner and duty.expires_at > clock_timestamp() then 0 else 1 end
        where duty.owner = excluded.owner or duty.expires_at <= clock_timestamp()
        returning name, generation`.execute(db)
      return new Map(rows.map(({ name, generation }) => [name, Number(generation)]))
    },
    async generationOf(name) {
      const { rows } = await sql<{
        generation: string
      }>`select generation from ${table} where name = ${name}`.execute(db)
      return Number(rows[0]?.generation ?? 0)
    },
    async raise(name, above) {
      await sql`update ${table} set generation = greatest(generation, ${above}::bigint + 1) where name = ${name}`.execute(
        db,
      )
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
