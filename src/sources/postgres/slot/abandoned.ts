import type pg from "pg"
import type { Finding } from "../../../replication/contracts/source.ts"
import { removalStatements } from "./slot.ts"

interface Remains {
  handle: string
  /** Of the slot; where there is only a publication, the one that is asked. */
  database: string
  hasSlot: boolean
  status: string | null
  retainedBytes: string | null
  /** From PostgreSQL 17 on. */
  inactiveSince: string | null
}

// Slots are the server's, publications the database's. What is read now belongs to a Millrace that runs.
const remainsQuery = `
select coalesce(s.slot_name::text, p.pubname::text) as handle, coalesce(s.database::text, current_database()::text) as database,
  s.slot_name is not null as "hasSlot", s.wal_status as status,
  greatest(pg_current_wal_lsn() - s.restart_lsn, 0)::bigint::text as "retainedBytes",
  to_jsonb(s) ->> 'inactive_since' as "inactiveSince"
from (select * from pg_replication_slots where not temporary and plugin = 'pgoutput') s
full join (select pubname::text as pubname, current_database()::text as datname from pg_publication) p
  on s.slot_name::text = p.pubname and s.database::text = p.datname
where coalesce(s.slot_name::text, p.pubname) ~ '^millrace_[0-9a-f]{32}_[0-9a-f]{8}$' and s.active is not true order by 1`

/**
 * Slots and publications named as ours that nobody reads and that are not `isOwned`: an integration was deleted while
 * its source was away, or a whole installation was. The server keeps its log for such a slot, without end.
 */
export async function findAbandoned(
  client: pg.Client,
  isOwned: (handle: string) => boolean,
): Promise<Finding[]> {
  const { rows } = await client.query<Remains>(remainsQuery)
  return rows.filter(({ handle }) => !isOwned(handle)).map(findingOf)
}

function findingOf({ handle, database, hasSlot, status, retainedBytes, inactiveSince }: Remains): Finding {
  const since = inactiveSince === null ? "" : ` since ${inactiveSince}`
  const slot = `Replication slot ${handle} (database ${database}) belongs to no integration here, and nobody reads it${since}`
  const kept =
    status === "lost" ? "It is lost already." : `The server keeps ${sizeOf(retainedBytes)} of its log for it.`
  const publication = `Publication ${handle} (database ${database}) belongs to no integration here.`
  return {
    severity: "warning",
    concerns: "source",
    what: hasSlot ? `${slot}. ${kept}` : publication,
    remedy: `If no other Millrace uses it: ${removalStatements(database, handle, hasSlot)}`,
  }
}

function sizeOf(bytes: string | null): string {
  const number = Number(bytes ?? 0)
  return number < 2 ** 20 ? `${number} bytes` : `${Math.round(number / 2 ** 20)} MB`
}
