import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

/** An event stream of a domain. */
export interface StreamRecord {
  name: string
  uri: string
  tags: Readonly<Record<string, string>>
  createdAt: Date
  /** When its destination took events no longer; undefined: it takes them. */
  unhealthySince: Date | undefined
  message: string | undefined
}

export type NewStream = Pick<StreamRecord, "name" | "uri" | "tags">

export interface StreamStore {
  /** Undefined: there is one of that name. */
  add(stream: NewStream): Promise<StreamRecord | undefined>
  setTags(name: string, tags: Readonly<Record<string, string>>): Promise<void>
  find(name: string): Promise<StreamRecord | undefined>
  list(page: { after: string | undefined; limit: number }): Promise<StreamRecord[]>
  /** What it still had to send is not sent. False: there is none. */
  remove(name: string): Promise<boolean>
}

/** The origin of a stream's events in the outbox. */
export function streamOrigin(name: string): string {
  return `stream ${name}`
}

/** @param domain the domain's number */
export function streamStore(db: Db, domain: number): StreamStore {
  const streams = sql`select s.*, d.unhealthy_since, d.message from millrace.profile_event_streams s
    left join millrace.profile_event_destinations d on d.domain = s.domain and d.uri = s.uri
    where s.domain = ${domain}`
  const find = async (name: string) => {
    const { rows } = await sql<StreamRow>`${streams} and s.name = ${name}`.execute(db)
    return rows.map(fromRow)[0]
  }
  return {
    add: async ({ name, uri, tags }) => {
      const { rows } = await sql`insert into millrace.profile_event_streams (domain, name, uri, tags)
        values (${domain}, ${name}, ${uri}, ${JSON.stringify(tags)})
        on conflict do nothing returning name`.execute(db)
      return rows.length === 0 ? undefined : await find(name)
    },
    setTags: async (name, tags) => {
      await sql`update millrace.profile_event_streams set tags = ${JSON.stringify(tags)}
        where domain = ${domain} and name = ${name}`.execute(db)
    },
    find,
    list: async ({ after, limit }) => {
      const { rows } = await sql<StreamRow>`${streams}
        and (${after ?? null}::text is null or s.name collate "C" > ${after ?? null})
        order by s.name collate "C" limit ${limit}`.execute(db)
      return rows.map(fromRow)
    },
    remove: (name) =>
      db.transaction().execute(async (transaction) => {
        await sql`delete from millrace.profile_outbox
          where domain = ${domain} and origin = ${streamOrigin(name)}`.execute(transaction)
        const { rows } = await sql`delete from millrace.profile_event_streams
          where domain = ${domain} and name = ${name} returning name`.execute(transaction)
        return rows.length > 0
      }),
  }
}

interface StreamRow {
  name: string
  uri: string
  tags: Record<string, string>
  created_at: Date
  unhealthy_since: Date | null
  message: string | null
}

function fromRow(row: StreamRow): StreamRecord {
  return {
    name: row.name,
    uri: row.uri,
    tags: row.tags,
    createdAt: row.created_at,
    unhealthySince: row.unhealthy_since ?? undefined,
    message: row.message ?? undefined,
  }
}
