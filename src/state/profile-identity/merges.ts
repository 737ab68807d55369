import { sql } from "kysely"
import { plainId } from "../profiles/profile-rows.ts"
import type { LockedDomain } from "../profiles/profile-store.ts"

/** A profile that goes, and the one that it becomes part of. */
export interface Move {
  from: string
  to: string
}

/**
 * Gives objects and keys of profiles to others, in one statement each. Keys that both have of one holder are there once.
 *
 * @returns by profile what objects it got
 */
export async function moveBelongings(
  { transaction, domain }: Pick<LockedDomain, "transaction" | "domain">,
  moves: readonly Move[],
): Promise<Map<string, { objects: number; bytes: number }>> {
  const moved = sql`unnest(${moves.map(({ from }) => from)}::uuid[], ${moves.map(({ to }) => to)}::uuid[]) as w (source, target)`
  const { rows } = await sql<MovedRow>`with moved as (
      update millrace.profile_objects o set profile = w.target from ${moved}
      where o.profile = w.source and o.domain = ${domain.number}
      returning o.profile, octet_length(o.object) as bytes)
    select profile, count(*)::int as objects, sum(bytes)::float8 as bytes from moved group by profile`.execute(
    transaction,
  )
  await sql`with gone as (delete from millrace.profile_keys k using ${moved}
      where k.profile = w.source and k.domain = ${domain.number} returning k.name, k.value, w.target, k.object)
    insert into millrace.profile_keys (domain, name, value, profile, object)
    select distinct ${domain.number}::integer, name, value, target, object from gone
    on conflict do nothing`.execute(transaction)
  return new Map(rows.map(({ profile, objects, bytes }) => [plainId(profile), { objects, bytes }]))
}

interface MovedRow {
  profile: string
  objects: number
  bytes: number
}
