import type pg from "pg"
import { Problem } from "../../../domain/problems.ts"
import { quoteLiteral } from "../client.ts"
import { type Blocker, describeBlocker } from "../slot/slot-wait.ts"

/**
 * Publishing a table, and taking it out by name, needs a SHARE UPDATE EXCLUSIVE lock on it. Reads and writes do not
 * conflict with that lock; other changes of the table do, and wait in the queue behind us while we wait for it. So each
 * wait is short, and no statement holds some locks for long while it waits for others.
 */
export const lockLimitMs = 200
const statementLimitMs = 800
/**
 * A server cancels autovacuum for whoever has waited for `deadlock_timeout` (1 s by default). Whoever waits behind us
 * would wait for autovacuum as well.
 */
const vacuumLockLimitMs = 2_000
/** Publications are altered by one of our connections at a time. While waiting for that, nothing is held. */
const turnLimitMs = 5_000

export interface AlteringLimits {
  /** For our other connections. */
  turnMs: number
  /** For each lock of a table. */
  lockMs: number
  /** For each statement. */
  statementMs: number
}

/** Alters a publication of ours; `work` sees what is committed by then. */
export async function alteringPublication(
  client: pg.Client,
  name: string,
  work: () => Promise<void>,
  limits: AlteringLimits = usualLimits,
): Promise<void> {
  const turn = quoteLiteral(`publication ${name}`)
  try {
    await client.query(
      `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = ${limits.turnMs};
       SELECT pg_advisory_xact_lock(hashtextextended(${turn}, 0));
       SET LOCAL lock_timeout = ${limits.lockMs}; SET LOCAL statement_timeout = ${limits.statementMs}`,
    )
    await work()
    await client.query("COMMIT")
  } catch (error) {
    await client.query("ROLLBACK")
    throw error
  }
}

const usualLimits: AlteringLimits = {
  turnMs: turnLimitMs,
  lockMs: lockLimitMs,
  statementMs: statementLimitMs,
}
/** Where only autovacuum is in the way. */
export const vacuumLimits: AlteringLimits = {
  turnMs: turnLimitMs,
  lockMs: vacuumLockLimitMs,
  statementMs: vacuumLockLimitMs,
}
/** Where somebody else is: what needs no lock is done all the same. */
export const hopelessLimits: AlteringLimits = { ...usualLimits, lockMs: 20 }

/** The statement gave up waiting for a lock, or ran into its time limit. */
export function isLockTimeout(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === "55P03" || code === "57014"
}

export interface LockHolder extends Blocker {
  /** The table's oid. */
  id: string
  isAutovacuum: boolean
}

const holdersQuery = `
select l.relation::bigint::text as id, l.pid, a.application_name as application, a.usename::text as role,
  extract(epoch from clock_timestamp() - a.xact_start)::int as seconds,
  a.pid is not null and a.usesysid is null as "isAutovacuum"
from pg_locks l left join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'relation' and l.database = (select oid from pg_database where datname = current_database())
  and l.relation = any($1::oid[]) and l.pid is distinct from pg_backend_pid()
  and l.mode in ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`

/** Who holds tables, by id, so that they cannot be published now, or waits to do so. */
export async function holdersOf(client: pg.Client, ids: readonly string[]): Promise<LockHolder[]> {
  const { rows } = await client.query<LockHolder>(holdersQuery, [ids])
  return rows
}

/** `what`: the table or tables that wait. */
export function lockedOut(what: string, holders: readonly LockHolder[]): Problem {
  const waits = holders.length === 0 ? "" : ` It waits for ${holders.map(describeBlocker).join(", ")}.`
  return new Problem("sourceBusy", `${what} cannot be published yet: it is locked at the source.${waits}`)
}
