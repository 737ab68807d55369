import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

/** An event trigger of a domain. */
export interface TriggerRecord {
  name: string
  objectType: string
  /** JSON text of its description, conditions and limits. */
  definition: string
  tags: Readonly<Record<string, string>>
  createdAt: Date
  updatedAt: Date
}

export type NewTrigger = Omit<TriggerRecord, "createdAt" | "updatedAt">

export interface TriggerStore {
  /** Undefined: there is one of that name. */
  add(trigger: NewTrigger): Promise<TriggerRecord | undefined>
  /** Undefined: there is none. */
  replace(trigger: NewTrigger): Promise<TriggerRecord | undefined>
  find(name: string): Promise<TriggerRecord | undefined>
  list(page: { after: string | undefined; limit: number }): Promise<TriggerRecord[]>
  /** Its counts go too. False: there is none. */
  remove(name: string): Promise<boolean>
}

/** @param domain the domain's number */
export function triggerStore(db: Db, domain: number): TriggerStore {
  return {
    add: async ({ name, objectType, definition, tags }) => {
      const { rows } = await sql<TriggerRow>`insert into millrace.profile_event_triggers
        (domain, name, object_type, definition, tags)
        values (${domain}, ${name}, ${objectType}, ${definition}, ${JSON.stringify(tags)})
        on conflict do nothing returning *`.execute(db)
      return rows.map(fromRow)[0]
    },
    replace: async ({ name, objectType, definition, tags }) => {
      const { rows } = await sql<TriggerRow>`update millrace.profile_event_triggers set
        object_type = ${objectType}, definition = ${definition}, tags = ${JSON.stringify(tags)},
        updated_at = clock_timestamp() where domain = ${domain} and name = ${name} returning *`.execute(db)
      return rows.map(fromRow)[0]
    },
    find: async (name) => {
      const { rows } = await sql<TriggerRow>`select * from millrace.profile_event_triggers
        where domain = ${domain} and name = ${name}`.execute(db)
      return rows.map(fromRow)[0]
    },
    list: async ({ after, limit }) => {
      const { rows } = await sql<TriggerRow>`select * from millrace.profile_event_triggers
        where domain = ${domain} and (${after ?? null}::text is null or name collate "C" > ${after ?? null})
        order by name collate "C" limit ${limit}`.execute(db)
      return rows.map(fromRow)
    },
    remove: (name) =>
      db.transaction().execute(async (transaction) => {
        await sql`delete from millrace.profile_trigger_invocations
          where domain = ${domain} and trigger = ${name}`.execute(transaction)
        const { rows } = await sql`delete from millrace.profile_event_triggers
          where domain = ${domain} and name = ${name} returning name`.execute(transaction)
        return rows.length > 0
      }),
  }
}

interface TriggerRow {
  name: string
  object_type: string
  definition: string
  tags: Record<string, string>
  created_at: Date
  updated_at: Date
}

function fromRow(row: TriggerRow): TriggerRecord {
  const { name, object_type: objectType, definition, tags } = row
  return { name, objectType, definition, tags, createdAt: row.created_at, updatedAt: row.updated_at }
}
