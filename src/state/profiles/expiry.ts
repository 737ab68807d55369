import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"
import { plainId } from "./profile-rows.ts"
import type { LockedDomain } from "./profile-store.ts"
import type { ProfileFields } from "./records.ts"

/** In one transaction: the domain's lock is over in a moment. */
const atOnce = 2_000

/** What has passed its time, and is gone. */
export interface Expired {
  objects: { type: number; uniqueKey: string; profile: string; object: string }[]
  profiles: { id: string; fields: ProfileFields }[]
}

/** Names of domains in which something has passed its time. */
export async function domainsWithExpired(db: Kysely<StateSchema>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select d.name from millrace.profile_domains d
    where exists (select 1 from millrace.profile_objects o
      where o.domain = d.number and o.expires_at <= clock_timestamp())
    or exists (select 1 from millrace.profiles p
      where p.domain = d.number and p.object_count = 0 and p.expires_at <= clock_timestamp())`.execute(db)
  return rows.map(({ name }) => name)
}

/**
 * Removes some objects that have passed their time, with their keys, and profiles that have and are left without objects. What an object
 * gave to its profile stays there.
 */
export async function removeExpired(locked: LockedDomain): Promise<Expired> {
  const objects = await removeObjects(locked)
  return { objects, profiles: await removeProfiles(locked) }
}

async function removeObjects({ transaction, domain }: LockedDomain): Promise<Expired["objects"]> {
  const { rows } = await sql<{ type: number; unique_key: string; profile: string; object: string }>`
    with gone as (
      delete from millrace.profile_objects where ctid = any(array(
        select ctid from millrace.profile_objects
        where domain = ${domain.number} and expires_at <= clock_timestamp() limit ${atOnce}))
      returning type, unique_key, profile, number, object
    ), keys as (
      delete from millrace.profile_keys k using gone
      where k.domain = ${domain.number} and k.profile = gone.profile and k.object = gone.number
    ), sums as (
      select profile, count(*)::int as objects, sum(octet_length(object))::bigint as bytes from gone group by profile
    ), profiles as (
      update millrace.profiles p set
        object_count = p.object_count - sums.objects, object_bytes = p.object_bytes - sums.bytes
      from sums where p.domain = ${domain.number} and p.id = sums.profile
    )
    select type, unique_key, profile, object from gone`.execute(transaction)
  return rows.map(({ unique_key, profile, ...row }) => ({
    ...row,
    uniqueKey: unique_key,
    profile: plainId(profile),
  }))
}

async function removeProfiles({ transaction, domain }: LockedDomain): Promise<Expired["profiles"]> {
  const { rows } = await sql<{ id: string; fields: ProfileFields }>`
    with gone as (
      delete from millrace.profiles where ctid = any(array(
        select ctid from millrace.profiles
        where domain = ${domain.number} and object_count = 0 and expires_at <= clock_timestamp() limit ${atOnce}))
      returning id, fields
    ), keys as (
      delete from millrace.profile_keys k using gone where k.domain = ${domain.number} and k.profile = gone.id
    )
    select id, fields from gone`.execute(transaction)
  return rows.map(({ id, fields }) => ({ id: plainId(id), fields }))
}
