import { type Kysely, sql } from "kysely"
import type { ConsoleRole } from "../../domain/console/roles.ts"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

export interface SessionRecord {
  /** UUID. */
  id: string
  user: string
  /** As given when the session began; the user's own role may have become less since. */
  role: ConsoleRole
  /** From where it was begun. */
  address: string | undefined
  createdAt: Date
  expiresAt: Date
}

export interface NewSession {
  /** SHA-256 of the token. */
  digest: Buffer
  user: string
  role: ConsoleRole
  address: string | undefined
  lastsSeconds: number
}

export interface NewLink {
  digest: Buffer
  user: string
  role: ConsoleRole
  lastsSeconds: number
}

export interface ConsoleSessionStore {
  /** Begins a session; expired ones go, and the oldest where there are too many. */
  add(session: NewSession): Promise<SessionRecord>
  /** `undefined`: there is none, or it has ended. */
  byDigest(digest: Buffer): Promise<SessionRecord | undefined>
  /** Newest first; `user` undefined: everybody's. */
  list(user: string | undefined): Promise<SessionRecord[]>
  /** `user` undefined: whosever it is. The session that ended; `undefined`: there is none. */
  remove(id: string, user: string | undefined): Promise<SessionRecord | undefined>
  /** When the link expires. */
  addLink(link: NewLink): Promise<Date>
  /** Uses a link up. `undefined`: there is none, it is used, or it has expired. */
  takeLink(digest: Buffer): Promise<Pick<NewLink, "user" | "role"> | undefined>
}

const sessionsOfUser = 50
const sessionsAtMost = 2_000

interface SessionRow {
  id: string
  user_name: string
  role: ConsoleRole
  address: string | null
  created_at: Date
  expires_at: Date
}

export function consoleSessionStore(db: Db): ConsoleSessionStore {
  return {
    add: (session) => add(db, session),
    byDigest: async (digest) => {
      const { rows } = await sql<SessionRow>`select * from millrace.console_sessions
        where digest = ${digest} and expires_at > clock_timestamp()`.execute(db)
      return rows.map(fromRow)[0]
    },
    list: async (user) => {
      const { rows } = await sql<SessionRow>`select * from millrace.console_sessions
        where expires_at > clock_timestamp() and (${user ?? null}::text is null or user_name = ${user ?? null})
        order by created_at desc, id`.execute(db)
      return rows.map(fromRow)
    },
    remove: async (id, user) => {
      const { rows } = await sql<SessionRow>`delete from millrace.console_sessions
        where id = ${id}::uuid and (${user ?? null}::text is null or user_name = ${user ?? null})
        returning *`.execute(db)
      return rows.map(fromRow)[0]
    },
    addLink: (link) => addLink(db, link),
    takeLink: async (digest) => {
      const { rows } = await sql<{ user: string; role: ConsoleRole; valid: boolean }>`
        delete from millrace.console_links where digest = ${digest}
        returning user_name as user, role, expires_at > clock_timestamp() as valid`.execute(db)
      const [row] = rows
      return row?.valid === true ? { user: row.user, role: row.role } : undefined
    },
  }
}

async function add(
  db: Db,
  { digest, user, role, address, lastsSeconds }: NewSession,
): Promise<SessionRecord> {
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<SessionRow>`insert into millrace.console_sessions
      (digest, user_name, role, address, expires_at)
      values (${digest}, ${user}, ${role}, ${address ?? null},
        clock_timestamp() + make_interval(secs => ${lastsSeconds}))
      returning *`.execute(transaction)
    await sql`delete from millrace.console_sessions where expires_at <= clock_timestamp() or id in (
      (select id from millrace.console_sessions where user_name = ${user}
        order by created_at desc, id offset ${sessionsOfUser})
      union all (select id from millrace.console_sessions order by created_at desc, id offset ${sessionsAtMost}))`.execute(
      transaction,
    )
    const [row] = rows
    if (row === undefined) throw new Error("an inserted session was not returned")
    return fromRow(row)
  })
}

/** Those that have expired go with each new one. */
async function addLink(db: Db, { digest, user, role, lastsSeconds }: NewLink): Promise<Date> {
  await sql`delete from millrace.console_links where expires_at <= clock_timestamp()`.execute(db)
  const { rows } = await sql<{ expires_at: Date }>`insert into millrace.console_links
    (digest, user_name, role, expires_at)
    values (${digest}, ${user}, ${role}, clock_timestamp() + make_interval(secs => ${lastsSeconds}))
    returning expires_at`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error("an inserted link was not returned")
  return row.expires_at
}

function fromRow(row: SessionRow): SessionRecord {
  return {
    id: row.id,
    user: row.user_name,
    role: row.role,
    address: row.address ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
