import { type Kysely, type RawBuilder, sql } from "kysely"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

/** Rows with one of the values in each of these columns; undefined: any. Profile ids are 32 hexadecimal digits. */
export interface ShownFilter {
  domainName?: readonly string[] | undefined
  profileId?: readonly string[] | undefined
  objectTypeName?: readonly string[] | undefined
  uniqueKey?: readonly string[] | undefined
  keyName?: readonly string[] | undefined
  keyValue?: readonly string[] | undefined
}

export interface ShownProfile {
  domain: string
  id: string
  fields: Record<string, string>
  objects: number
  createdAt: Date
  updatedAt: Date
}

export interface ShownObject {
  domain: string
  profile: string
  type: string
  uniqueKey: string
  object: string
  integrationUri: string | null
  sourceTime: Date | null
  ingestedAt: Date
}

export interface ShownKey {
  domain: string
  profile: string
  name: string
  value: string
}

/** Rows of all domains, as people read them. None has an order. */
export interface ShownRows {
  profiles(filter: ShownFilter, limit: number): Promise<ShownProfile[]>
  objects(filter: ShownFilter, limit: number): Promise<ShownObject[]>
  keys(filter: ShownFilter, limit: number): Promise<ShownKey[]>
}

export function shownRows(db: Db): ShownRows {
  return {
    profiles: async (filter, limit) => {
      const { rows } =
        await sql<ShownProfile>`select d.name as domain, replace(p.id::text, '-', '') as id, p.fields,
          p.object_count as objects, p.created_at as "createdAt", p.updated_at as "updatedAt"
        from millrace.profile_domains d join millrace.profiles p on p.domain = d.number
        where ${oneOf(sql`d.name`, filter.domainName)} and ${idOf(sql`p.id`, filter.profileId)} limit ${limit}`.execute(
          db,
        )
      return rows
    },
    objects: async (filter, limit) => {
      const { rows } =
        await sql<ShownObject>`select d.name as domain, replace(o.profile::text, '-', '') as profile,
          t.name as type, o.unique_key as "uniqueKey", o.object, o.integration_uri as "integrationUri",
          o.source_time as "sourceTime", o.ingested_at as "ingestedAt"
        from millrace.profile_domains d join millrace.profile_object_types t on t.domain = d.number
        join millrace.profile_objects o on o.type = t.number
        where ${oneOf(sql`d.name`, filter.domainName)} and ${idOf(sql`o.profile`, filter.profileId)}
        and ${oneOf(sql`t.name`, filter.objectTypeName)} and ${oneOf(sql`o.unique_key`, filter.uniqueKey)}
        limit ${limit}`.execute(db)
      return rows
    },
    keys: async (filter, limit) => {
      const { rows } =
        await sql<ShownKey>`select distinct d.name as domain, replace(k.profile::text, '-', '') as profile,
          k.name, k.value
        from millrace.profile_domains d join millrace.profile_keys k on k.domain = d.number
        where ${oneOf(sql`d.name`, filter.domainName)} and ${idOf(sql`k.profile`, filter.profileId)}
        and ${oneOf(sql`k.name`, filter.keyName)} and ${oneOf(sql`k.value`, filter.keyValue)} limit ${limit}`.execute(
          db,
        )
      return rows
    },
  }
}

function oneOf(column: RawBuilder<unknown>, values: readonly string[] | undefined) {
  return values === undefined ? sql`true` : sql`${column} = any(${values}::text[])`
}

/** What is no id names no profile. */
function idOf(column: RawBuilder<unknown>, values: readonly string[] | undefined) {
  if (values === undefined) return sql`true`
  return sql`${column} = any(${values.filter((value) => /^[a-f0-9]{32}$/.test(value))}::uuid[])`
}
