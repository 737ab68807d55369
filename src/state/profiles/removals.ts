import { type Kysely, sql, type Transaction } from "kysely"
import type { StateSchema } from "../schema.ts"

/** Rows of one kind in one transaction: what holds a domain's lock is over in a moment. */
const rowsAtOnce = 2_000

/** Rows of deleted domains and object types, which are removed piece by piece. */
export interface RemovalStore {
  /** Removes some of what is to be removed; false: nothing is. */
  removeSome(): Promise<boolean>
}

export function removalStore(db: Kysely<StateSchema>): RemovalStore {
  return { removeSome: () => db.transaction().execute(removeSome) }
}

interface Removal {
  number: string
  domain: number
  type: number | null
}

async function removeSome(transaction: Transaction<StateSchema>): Promise<boolean> {
  const { rows } = await sql<Removal>`select number, domain, type from millrace.profile_removals
    order by number limit 1 for update skip locked`.execute(transaction)
  const [removal] = rows
  if (removal === undefined) return false
  const isDone =
    removal.type === null
      ? await removeOfDomain(transaction, removal.domain)
      : await removeOfType(transaction, removal.domain, removal.type)
  if (isDone)
    await sql`delete from millrace.profile_removals where number = ${removal.number}`.execute(transaction)
  return true
}

const tables = [
  "profile_keys",
  "profile_objects",
  "profile_history",
  "profile_dead_letters",
  "profile_matches",
  "profile_identity_jobs",
  "profiles",
] as const

/** Nobody can reach these rows any more, so that no lock is needed. */
async function removeOfDomain(transaction: Transaction<StateSchema>, domain: number): Promise<boolean> {
  for (const table of tables) {
    const { numAffectedRows } = await sql`delete from ${sql.id("millrace", table)} where ctid = any(array(
      select ctid from ${sql.id("millrace", table)} where domain = ${domain} limit ${rowsAtOnce}))`.execute(
      transaction,
    )
    if (Number(numAffectedRows ?? 0n) === rowsAtOnce) return false
  }
  return true
}

/** Objects with their keys, and the values that the type gave to their profiles. */
async function removeOfType(
  transaction: Transaction<StateSchema>,
  domain: number,
  type: number,
): Promise<boolean> {
  await sql`select 1 from millrace.profile_domains where number = ${domain} for no key update`.execute(
    transaction,
  )
  const { rows } = await sql<{ objects: number; bytes: number }>`
    with gone as (
      delete from millrace.profile_objects where ctid = any(array(
        select ctid from millrace.profile_objects where type = ${type} limit ${rowsAtOnce}))
      returning profile, number, octet_length(object) as bytes
    ), keys as (
      delete from millrace.profile_keys k using gone
      where k.profile = gone.profile and k.object = gone.number and k.domain = ${domain}
    ), sums as (
      select profile, count(*)::int as objects, sum(bytes)::bigint as bytes from gone group by profile
    ), profiles as (
      update millrace.profiles p set
        object_count = p.object_count - sums.objects, object_bytes = p.object_bytes - sums.bytes,
        fields = ${withoutType(sql`p.fields`, type)}, provenance = ${withoutType(sql`p.provenance`, type)},
        updated_at = clock_timestamp()
      from sums where p.domain = ${domain} and p.id = sums.profile
    )
    select coalesce(sum(objects), 0)::int as objects, coalesce(sum(bytes), 0)::float8 as bytes from sums`.execute(
    transaction,
  )
  const { objects, bytes } = rows[0] ?? { objects: 0, bytes: 0 }
  await sql`update millrace.profile_domains set object_count = object_count - ${objects},
    object_bytes = object_bytes - ${bytes} where number = ${domain}`.execute(transaction)
  return objects < rowsAtOnce
}

/** The entries of a document of a profile whose values are not of the type. */
function withoutType(document: ReturnType<typeof sql>, type: number) {
  return sql`(select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(${document})
    where (p.provenance -> key ->> 0)::int is distinct from ${type})`
}
