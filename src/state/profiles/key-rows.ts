import { type Kysely, type RawBuilder, sql } from "kysely"
import type { StateSchema } from "../schema.ts"
import { plainId } from "./profile-rows.ts"
import type { KeyPair } from "./records.ts"

type Db = Kysely<StateSchema>

/** A key, and who has it. `holder`: an object's number, or one of `keyHolder`. */
export interface HeldKey extends KeyPair {
  profile: string
  holder: string
}

/** How many of a profile's objects, or its own values, give the key. */
export interface FoundKey extends KeyPair {
  profile: string
  holders: number
}

/**
 * A profile has at most 1,000 objects, so that more holders than these belong to several profiles: whoever has to know whether a key means
 * one profile needs to see no more of it.
 */
const holdersSeen = 1_200

/** A key, or a profile itself. */
export type WantedProfile = KeyPair | { profile: string }

export interface PageOfIds {
  /** Excluded. */
  after: string | undefined
  limit: number
}

/** Keys of one domain. */
export interface KeyRows {
  /** The profiles that have these keys, of each key with at most 1,200 holders. */
  find(pairs: readonly KeyPair[]): Promise<FoundKey[]>
  /**
   * Profiles that have, or are, one of each group, in the order of their ids. A group without members finds nothing.
   */
  search(groups: readonly (readonly WantedProfile[])[], page: PageOfIds): Promise<string[]>
  /** The keys that an object or `keyHolder` gave to its profile. */
  heldBy(holders: readonly { profile: string; holder: string }[]): Promise<HeldKey[]>
  add(keys: readonly HeldKey[]): Promise<void>
  /** How many there were. */
  remove(keys: readonly HeldKey[]): Promise<number>
  removeOf(profiles: readonly string[]): Promise<void>
}

/** @param domain the domain's number */
export function keyRows(db: Db, domain: number): KeyRows {
  return {
    find: (pairs) => find(db, domain, pairs),
    search: (groups, page) => search(db, domain, groups, page),
    heldBy: (holders) => heldBy(db, domain, holders),
    add: async (keys) => {
      if (keys.length === 0) return
      await sql`insert into millrace.profile_keys (domain, name, value, profile, object)
        select ${domain}, name, value, profile, holder from ${unnested(keys)} on conflict do nothing`.execute(
        db,
      )
    },
    remove: async (keys) => {
      if (keys.length === 0) return 0
      const { numAffectedRows } = await sql`delete from millrace.profile_keys k using ${unnested(keys)}
        where k.domain = ${domain} and k.name = w.name and k.value = w.value and k.profile = w.profile
        and k.object = w.holder`.execute(db)
      return Number(numAffectedRows ?? 0n)
    },
    removeOf: async (profiles) => {
      await sql`delete from millrace.profile_keys where domain = ${domain} and profile = any(${profiles}::uuid[])`.execute(
        db,
      )
    },
  }
}

async function find(db: Db, domain: number, pairs: readonly KeyPair[]): Promise<FoundKey[]> {
  if (pairs.length === 0) return []
  const { rows } = await sql<{ name: string; value: string; profile: string; holders: number }>`
    select w.name, w.value, k.profile, count(*)::int as holders
    from unnest(${pairs.map(({ name }) => name)}::text[], ${pairs.map(({ value }) => value)}::text[]) as w (name, value)
    cross join lateral (select profile from millrace.profile_keys
      where domain = ${domain} and name = w.name and value = w.value order by profile limit ${holdersSeen}) k
    group by w.name, w.value, k.profile`.execute(db)
  return rows.map((row) => ({ ...row, profile: plainId(row.profile) }))
}

async function search(
  db: Db,
  domain: number,
  groups: readonly (readonly WantedProfile[])[],
  { after, limit }: PageOfIds,
): Promise<string[]> {
  const [first, ...others] = groups
  if (first === undefined || groups.some((group) => group.length === 0)) return []
  const isAfter = (id: RawBuilder<unknown>) =>
    sql`(${after ?? null}::uuid is null or ${id} > ${after ?? null}::uuid)`
  const also = others.map((group) => sql`and ${hasOneOf(domain, group, sql`f.profile`)}`)
  const everyOther = sql.join(also, sql` `)
  const { rows } = await sql<{ profile: string }>`
    select distinct f.profile from (
      select k.profile from ${pairsOf(first)}
      cross join lateral (select distinct f.profile from millrace.profile_keys f
        where f.domain = ${domain} and f.name = w.name and f.value = w.value and ${isAfter(sql`f.profile`)}
        ${everyOther} order by f.profile limit ${limit}) k
      union all
      select f.profile from unnest(${idsOf(first)}::uuid[]) as f (profile)
      where ${isAfter(sql`f.profile`)} ${everyOther}
    ) f order by f.profile limit ${limit}`.execute(db)
  return rows.map(({ profile }) => plainId(profile))
}

function hasOneOf(domain: number, group: readonly WantedProfile[], profile: RawBuilder<unknown>) {
  return sql`(${profile} = any(${idsOf(group)}::uuid[]) or exists (select 1 from ${pairsOf(group)}
    join millrace.profile_keys o on o.domain = ${domain} and o.name = w.name and o.value = w.value
    where o.profile = ${profile}))`
}

function pairsOf(group: readonly WantedProfile[]) {
  const pairs = group.filter((one) => "name" in one)
  return sql`unnest(${pairs.map(({ name }) => name)}::text[], ${pairs.map(({ value }) => value)}::text[])
    as w (name, value)`
}

function idsOf(group: readonly WantedProfile[]): string[] {
  return group.flatMap((one) => ("profile" in one ? [one.profile] : []))
}

async function heldBy(
  db: Db,
  domain: number,
  holders: readonly { profile: string; holder: string }[],
): Promise<HeldKey[]> {
  if (holders.length === 0) return []
  const { rows } = await sql<{ name: string; value: string; profile: string; holder: string }>`
    select k.name, k.value, k.profile, k.object::text as holder
    from unnest(${holders.map(({ profile }) => profile)}::uuid[], ${holders.map(({ holder }) => holder)}::bigint[])
      as w (profile, holder)
    join millrace.profile_keys k on k.profile = w.profile and k.object = w.holder
    where k.domain = ${domain}`.execute(db)
  return rows.map((row) => ({ ...row, profile: plainId(row.profile) }))
}

function unnested(keys: readonly HeldKey[]) {
  return sql`unnest(${keys.map(({ name }) => name)}::text[], ${keys.map(({ value }) => value)}::text[],
    ${keys.map(({ profile }) => profile)}::uuid[], ${keys.map(({ holder }) => holder)}::bigint[])
    as w (name, value, profile, holder)`
}
