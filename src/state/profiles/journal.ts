import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"
import { plainId } from "./profile-rows.ts"
import type { DeadLetter, HistoryAction, HistoryEntry } from "./records.ts"

type Db = Kysely<StateSchema>

export interface HistoryRecord {
  /** Rises within a domain in the order in which changes were committed. */
  number: string
  profile: string
  action: HistoryAction
  type: number | undefined
  uniqueKey: string | undefined
  performedBy: string | undefined
  happenedAt: Date
}

/** What became of profiles of one domain, and objects that were refused. */
export interface Journal {
  record(entries: readonly HistoryEntry[]): Promise<void>
  /** Changes after a number, oldest first: nothing with a smaller number appears later. */
  since(number: string, limit: number): Promise<HistoryRecord[]>
  bury(letters: readonly DeadLetter[]): Promise<void>
  /** Adds to the domain's counts. */
  count(added: { profiles: number; objects: number; bytes: number }): Promise<void>
}

/** @param domain the domain's number */
export function journal(db: Db, domain: number): Journal {
  return {
    record: (entries) => record(db, domain, entries),
    since: (number, limit) => since(db, domain, number, limit),
    bury: (letters) => bury(db, domain, letters),
    count: async ({ profiles, objects, bytes }) => {
      if (profiles === 0 && objects === 0 && bytes === 0) return
      await sql`update millrace.profile_domains set profile_count = profile_count + ${profiles},
        object_count = object_count + ${objects}, object_bytes = object_bytes + ${bytes} where number = ${domain}`.execute(
        db,
      )
    },
  }
}

async function record(db: Db, domain: number, entries: readonly HistoryEntry[]): Promise<void> {
  if (entries.length === 0) return
  await sql`insert into millrace.profile_history (domain, profile, action, type, unique_key, performed_by)
    select ${domain}, w.* from unnest(${entries.map(({ profile }) => profile)}::uuid[],
      ${entries.map(({ action }) => action)}::text[], ${entries.map(({ type }) => type ?? null)}::integer[],
      ${entries.map(({ uniqueKey }) => uniqueKey ?? null)}::text[],
      ${entries.map(({ performedBy }) => performedBy ?? null)}::text[]) as w`.execute(db)
}

async function since(db: Db, domain: number, number: string, limit: number): Promise<HistoryRecord[]> {
  const { rows } = await sql<HistoryRow>`select * from millrace.profile_history
    where domain = ${domain} and number > ${number}::bigint order by number limit ${limit}`.execute(db)
  return rows.map((row) => ({
    number: row.number,
    profile: plainId(row.profile),
    action: row.action,
    type: row.type ?? undefined,
    uniqueKey: row.unique_key ?? undefined,
    performedBy: row.performed_by ?? undefined,
    happenedAt: row.happened_at,
  }))
}

interface HistoryRow {
  number: string
  profile: string
  action: HistoryAction
  type: number | null
  unique_key: string | null
  performed_by: string | null
  happened_at: Date
}

async function bury(db: Db, domain: number, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return
  await sql`insert into millrace.profile_dead_letters (domain, object_type, integration_uri, reason, message, object)
    select ${domain}, w.* from unnest(${letters.map(({ objectType }) => objectType)}::text[],
      ${letters.map(({ integrationUri }) => integrationUri ?? null)}::text[],
      ${letters.map(({ reason }) => reason)}::text[], ${letters.map(({ message }) => message)}::text[],
      ${letters.map(({ object }) => object.replaceAll("\0", "\uFFFD"))}::text[]) as w`.execute(db)
}
