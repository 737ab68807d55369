import type pg from "pg"
import type { Retention } from "../../../replication/contracts/source.ts"

interface SlotRow {
  name: string
  status: string
  retained: string | null
  unread: string | null
  safe: string | null
  written: string
}

// The server keeps its log from restart_lsn on; safe_wal_size is null without max_slot_wal_keep_size, which greatest()
// would make a limit of nothing.
const slotsQuery = `
select slot_name::text as name, coalesce(wal_status, 'reserved') as status,
  greatest(pg_current_wal_lsn() - restart_lsn, 0)::text as retained,
  greatest(pg_current_wal_lsn() - confirmed_flush_lsn, 0)::text as unread,
  case when safe_wal_size < 0 then 0 else safe_wal_size end::text as safe,
  (pg_current_wal_lsn() - '0/0'::pg_lsn)::text as written
from pg_replication_slots where slot_name = any($1)`

/** What the server keeps for slots, whichever of its databases they belong to. */
export async function readRetention(
  client: pg.Client,
  handles: readonly string[],
): Promise<Map<string, Retention>> {
  const { rows } = await client.query<SlotRow>(slotsQuery, [handles])
  return new Map(
    rows.map(({ name, status, retained, unread, safe, written }) => [
      name,
      {
        status,
        // A slot that is lost holds nothing.
        retainedBytes: Number(retained ?? 0),
        unreadBytes: Number(unread ?? 0),
        safeBytes: safe === null ? undefined : Number(safe),
        writtenBytes: Number(written),
      },
    ]),
  )
}
