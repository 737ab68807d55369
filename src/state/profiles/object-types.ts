import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"
import type { NewObjectType, ObjectTypeRecord } from "./records.ts"

type Db = Kysely<StateSchema>

/** Object types of one domain. */
export interface ObjectTypeStore {
  /** Makes it, or gives it these properties; the number stays. */
  put(type: NewObjectType): Promise<ObjectTypeRecord>
  find(name: string): Promise<ObjectTypeRecord | undefined>
  all(): Promise<ObjectTypeRecord[]>
  /** Its objects are removed later: see `removals.ts`. False: there is none. */
  remove(name: string): Promise<boolean>
}

/** @param domain the domain's number */
export function objectTypeStore(db: Db, domain: number): ObjectTypeStore {
  return {
    put: (type) => put(db, domain, type),
    find: async (name) => {
      const { rows } = await sql<TypeRow>`select * from millrace.profile_object_types
        where domain = ${domain} and name = ${name}`.execute(db)
      return rows.map(fromRow)[0]
    },
    all: async () => {
      const { rows } = await sql<TypeRow>`select * from millrace.profile_object_types where domain = ${domain}
        order by name collate "C"`.execute(db)
      return rows.map(fromRow)
    },
    remove: async (name) => {
      const { rows } = await sql`with removed as (
          delete from millrace.profile_object_types where domain = ${domain} and name = ${name} returning number
        )
        insert into millrace.profile_removals (domain, type) select ${domain}::integer, number from removed
        returning type`.execute(db)
      return rows.length > 0
    },
  }
}

async function put(db: Db, domain: number, type: NewObjectType): Promise<ObjectTypeRecord> {
  const { rows } =
    await sql<TypeRow>`insert into millrace.profile_object_types (domain, name, description, template_id,
      encryption_key, expiration_days, allow_profile_creation, timestamp_format, max_profile_objects, source_priority,
      fields, keys, tags)
    values (${domain}, ${type.name}, ${type.description}, ${type.templateId ?? null}, ${type.encryptionKey ?? null},
      ${type.expirationDays ?? null}, ${type.allowProfileCreation}, ${type.timestampFormat ?? null},
      ${type.maxProfileObjects ?? null}, ${type.sourcePriority ?? null}, ${JSON.stringify(type.fields)},
      ${JSON.stringify(type.keys)}, ${JSON.stringify(type.tags)})
    on conflict (domain, name) do update set description = excluded.description, template_id = excluded.template_id,
      encryption_key = excluded.encryption_key, expiration_days = excluded.expiration_days,
      allow_profile_creation = excluded.allow_profile_creation, timestamp_format = excluded.timestamp_format,
      max_profile_objects = excluded.max_profile_objects, source_priority = excluded.source_priority,
      fields = excluded.fields, keys = excluded.keys, tags = excluded.tags, updated_at = clock_timestamp()
    returning *`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error("the state database answered no row")
  return fromRow(row)
}

interface TypeRow {
  number: number
  name: string
  description: string
  template_id: string | null
  encryption_key: string | null
  expiration_days: number | null
  allow_profile_creation: boolean
  timestamp_format: string | null
  max_profile_objects: number | null
  source_priority: number | null
  fields: string
  keys: string
  tags: Record<string, string>
  created_at: Date
  updated_at: Date
}

function fromRow(row: TypeRow): ObjectTypeRecord {
  return {
    number: row.number,
    name: row.name,
    description: row.description,
    templateId: row.template_id ?? undefined,
    encryptionKey: row.encryption_key ?? undefined,
    expirationDays: row.expiration_days ?? undefined,
    allowProfileCreation: row.allow_profile_creation,
    timestampFormat: row.timestamp_format ?? undefined,
    maxProfileObjects: row.max_profile_objects ?? undefined,
    sourcePriority: row.source_priority ?? undefined,
    fields: JSON.parse(row.fields) as ObjectTypeRecord["fields"],
    keys: JSON.parse(row.keys) as ObjectTypeRecord["keys"],
    tags: row.tags,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
