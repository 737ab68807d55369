import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"
import { plainId } from "./profile-rows.ts"
import type { KeyPair, NewObject, StoredObject } from "./records.ts"

type Db = Kysely<StateSchema>

export interface ObjectPage {
  profile: string
  type: number
  /** Only objects that gave one of these; undefined: all. */
  keys: readonly KeyPair[] | undefined
  after: string | undefined
  limit: number
}

/** Objects of one domain. */
export interface ObjectRows {
  find(type: number, uniqueKeys: readonly string[]): Promise<StoredObject[]>
  /** In the order of their unique keys, `after` excluded. */
  list(page: ObjectPage): Promise<StoredObject[]>
  /** Makes them, or puts them in the place of those with the same type and unique key; the numbers by unique key, of one type. */
  put(objects: readonly NewObject[]): Promise<Map<string, string>>
  /** What was removed. */
  remove(type: number, uniqueKeys: readonly string[]): Promise<StoredObject[]>
  /** All of these profiles. */
  removeOf(profiles: readonly string[]): Promise<{ objects: number; bytes: number }>
}

/** @param domain the domain's number */
export function objectRows(db: Db, domain: number): ObjectRows {
  return {
    find: async (type, uniqueKeys) => {
      const { rows } = await sql<ObjectRow>`select * from millrace.profile_objects
        where type = ${type} and unique_key = any(${uniqueKeys}::text[])`.execute(db)
      return rows.map(fromRow)
    },
    list: (page) => list(db, domain, page),
    put: (objects) => put(db, domain, objects),
    remove: async (type, uniqueKeys) => {
      const { rows } = await sql<ObjectRow>`delete from millrace.profile_objects
        where domain = ${domain} and type = ${type} and unique_key = any(${uniqueKeys}::text[]) returning *`.execute(
        db,
      )
      return rows.map(fromRow)
    },
    removeOf: async (profiles) => {
      const { rows } = await sql<Sizes>`with gone as (delete from millrace.profile_objects
        where domain = ${domain} and profile = any(${profiles}::uuid[]) returning octet_length(object) as bytes)
        select count(*)::int as objects, coalesce(sum(bytes), 0)::float8 as bytes from gone`.execute(db)
      return rows[0] ?? { objects: 0, bytes: 0 }
    },
  }
}

async function list(
  db: Db,
  domain: number,
  { profile, type, keys, after, limit }: ObjectPage,
): Promise<StoredObject[]> {
  const hasKey =
    keys === undefined
      ? sql``
      : sql`and exists (select 1 from millrace.profile_keys k
          join unnest(${keys.map(({ name }) => name)}::text[], ${keys.map(({ value }) => value)}::text[]) as w (name, value)
            on k.name = w.name and k.value = w.value
          where k.domain = ${domain} and k.profile = o.profile and k.object = o.number)`
  const { rows } = await sql<ObjectRow>`select * from millrace.profile_objects o
    where profile = ${profile}::uuid and domain = ${domain} and type = ${type} ${hasKey}
    and (${after ?? null}::text is null or unique_key collate "C" > ${after ?? null})
    order by unique_key collate "C" limit ${limit}`.execute(db)
  return rows.map(fromRow)
}

interface Sizes {
  objects: number
  bytes: number
}

async function put(db: Db, domain: number, objects: readonly NewObject[]): Promise<Map<string, string>> {
  if (objects.length === 0) return new Map()
  const { rows } = await sql<{ unique_key: string; number: string }>`
    insert into millrace.profile_objects
      (domain, type, unique_key, profile, object, content_hash, source_time, integration_uri, expires_at)
    select ${domain}, type, unique_key, profile, object, decode(hash, 'hex'), source_time, uri,
      clock_timestamp() + days * interval '1 day'
    from unnest(${objects.map(({ type }) => type)}::integer[], ${objects.map(({ uniqueKey }) => uniqueKey)}::text[],
      ${objects.map(({ profile }) => profile)}::uuid[], ${objects.map(({ object }) => object)}::text[],
      ${objects.map(({ contentHash }) => contentHash)}::text[],
      ${objects.map(({ sourceTime }) => sourceTime?.toISOString() ?? null)}::timestamptz[],
      ${objects.map(({ integrationUri }) => integrationUri ?? null)}::text[],
      ${objects.map(({ expirationDays }) => expirationDays)}::integer[])
      as w (type, unique_key, profile, object, hash, source_time, uri, days)
    on conflict (type, unique_key) do update set profile = excluded.profile, object = excluded.object,
      content_hash = excluded.content_hash, source_time = excluded.source_time,
      integration_uri = excluded.integration_uri, ingested_at = clock_timestamp()
    returning unique_key, number`.execute(db)
  return new Map(rows.map(({ unique_key, number }) => [unique_key, number]))
}

interface ObjectRow {
  type: number
  unique_key: string
  number: string
  profile: string
  object: string
  content_hash: Buffer
  source_time: Date | null
}

function fromRow(row: ObjectRow): StoredObject {
  return {
    number: row.number,
    type: row.type,
    uniqueKey: row.unique_key,
    profile: plainId(row.profile),
    object: row.object,
    contentHash: row.content_hash.toString("hex"),
    sourceTime: row.source_time ?? undefined,
  }
}
