import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"
import type { ProfileFields, ProfileRecord, Provenance } from "./records.ts"

type Db = Kysely<StateSchema>

/** A profile as it is to be, and what its objects have become more. */
export interface ProfileWrite {
  id: string
  fields: ProfileFields
  provenance: Provenance
  addedObjects: number
  addedBytes: number
}

/** Profiles of one domain. */
export interface ProfileRows {
  find(ids: readonly string[]): Promise<ProfileRecord[]>
  /** Those of the ids that there are. */
  existing(ids: readonly string[]): Promise<Set<string>>
  /** In the order of their ids, `after` excluded. */
  list(page: { after: string | undefined; limit: number }): Promise<ProfileRecord[]>
  /** Makes them. They last as many days. */
  insert(profiles: readonly ProfileWrite[], expirationDays: number): Promise<void>
  update(profiles: readonly ProfileWrite[], expirationDays: number): Promise<void>
  /** Counts objects of profiles that have become more or fewer. */
  resize(changes: readonly { id: string; objects: number; bytes: number }[]): Promise<void>
  /** Their objects and keys are left to the caller. */
  remove(ids: readonly string[]): Promise<void>
}

/** @param domain the domain's number */
export function profileRows(db: Db, domain: number): ProfileRows {
  return {
    find: async (ids) => {
      const { rows } = await sql<ProfileRow>`select * from millrace.profiles
        where domain = ${domain} and id = any(${ids}::uuid[]) order by id`.execute(db)
      return rows.map(profileFromRow)
    },
    existing: async (ids) => {
      const { rows } = await sql<{ id: string }>`select id from millrace.profiles
        where domain = ${domain} and id = any(${ids}::uuid[])`.execute(db)
      return new Set(rows.map(({ id }) => plainId(id)))
    },
    list: async ({ after, limit }) => {
      const { rows } = await sql<ProfileRow>`select * from millrace.profiles
        where domain = ${domain} and (${after ?? null}::uuid is null or id > ${after ?? null}::uuid)
        order by id limit ${limit}`.execute(db)
      return rows.map(profileFromRow)
    },
    insert: (profiles, expirationDays) => insert(db, domain, profiles, expirationDays),
    update: (profiles, expirationDays) => update(db, domain, profiles, expirationDays),
    resize: async (changes) => {
      await sql`update millrace.profiles p set object_count = p.object_count + w.objects,
          object_bytes = p.object_bytes + w.bytes, updated_at = clock_timestamp()
        from unnest(${changes.map(({ id }) => id)}::uuid[], ${changes.map(({ objects }) => objects)}::integer[],
          ${changes.map(({ bytes }) => bytes)}::bigint[]) as w (id, objects, bytes)
        where p.domain = ${domain} and p.id = w.id`.execute(db)
    },
    remove: async (ids) => {
      await sql`delete from millrace.profiles where domain = ${domain} and id = any(${ids}::uuid[])`.execute(
        db,
      )
    },
  }
}

async function insert(
  db: Db,
  domain: number,
  profiles: readonly ProfileWrite[],
  expirationDays: number,
): Promise<void> {
  if (profiles.length === 0) return
  await sql`insert into millrace.profiles (domain, id, fields, provenance, object_count, object_bytes, expires_at)
    select ${domain}, id, fields, provenance, objects, bytes, clock_timestamp() + ${expirationDays} * interval '1 day'
    from ${unnested(profiles)}`.execute(db)
}

async function update(
  db: Db,
  domain: number,
  profiles: readonly ProfileWrite[],
  expirationDays: number,
): Promise<void> {
  if (profiles.length === 0) return
  await sql`update millrace.profiles p set fields = w.fields, provenance = w.provenance,
      object_count = p.object_count + w.objects, object_bytes = p.object_bytes + w.bytes,
      updated_at = clock_timestamp(),
      expires_at = greatest(p.expires_at, clock_timestamp() + ${expirationDays} * interval '1 day')
    from ${unnested(profiles)} where p.domain = ${domain} and p.id = w.id`.execute(db)
}

function unnested(profiles: readonly ProfileWrite[]) {
  return sql`unnest(${profiles.map(({ id }) => id)}::uuid[],
    ${profiles.map(({ fields }) => JSON.stringify(fields))}::jsonb[],
    ${profiles.map(({ provenance }) => JSON.stringify(provenance))}::jsonb[],
    ${profiles.map(({ addedObjects }) => addedObjects)}::integer[],
    ${profiles.map(({ addedBytes }) => addedBytes)}::bigint[]) as w (id, fields, provenance, objects, bytes)`
}

interface ProfileRow {
  id: string
  fields: Record<string, string>
  provenance: Record<string, [number, number]>
  object_count: number
  object_bytes: string
  created_at: Date
  updated_at: Date
}

function profileFromRow(row: ProfileRow): ProfileRecord {
  return {
    id: plainId(row.id),
    fields: row.fields,
    provenance: row.provenance,
    objectCount: row.object_count,
    objectBytes: Number(row.object_bytes),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** As the API writes ids: without hyphens. */
export function plainId(uuid: string): string {
  return uuid.replaceAll("-", "")
}
