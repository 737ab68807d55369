import { setTimeout as delay } from "node:timers/promises"
import type pg from "pg"
import { type Address, closeQuietly, connect } from "../client.ts"

/**
 * Reading a table takes the weakest lock there is, which conflicts with ALTER, DROP, TRUNCATE and VACUUM FULL only. But
 * a copy may take hours, and whoever waits to alter the table has everybody else wait behind: also those who just read
 * and write. `lock_timeout` is theirs to set. So a reader that somebody waits for is ended; its table is read again later.
 */
export interface LockYield {
  /** From now on the session of this client gives way. */
  watch(client: pg.Client): WatchedReader
  close(): Promise<void>
}

export interface WatchedReader {
  /** Its session was ended for somebody else. */
  readonly hasYielded: boolean
  done(): void
}

/** Whoever is seen twice has waited for at least this long, and for twice as long at most. */
const lookEveryMs = 250

const waitedForQuery = `
select distinct ours.pid from pg_locks ours join pg_locks others using (locktype, database, relation)
where ours.locktype = 'relation' and ours.granted and ours.pid = any($1)
  and not others.granted and others.mode = 'AccessExclusiveLock'`

export function newLockYield(address: Address): LockYield {
  const readers = new Map<number, { hasYielded: boolean }>()
  const stop = new AbortController()
  let client: pg.Client | undefined
  let looking: Promise<void> | undefined
  let waitedFor = new Set<number>()

  async function look(): Promise<void> {
    client ??= await connect(address)
    const { rows } = await client.query<{ pid: number }>(waitedForQuery, [[...readers.keys()]])
    const before = waitedFor
    waitedFor = new Set(rows.map(({ pid }) => pid))
    for (const pid of waitedFor) {
      const reader = before.has(pid) ? readers.get(pid) : undefined
      if (reader === undefined) continue
      reader.hasYielded = true
      // A session that waits for us to take its rows hears no request to cancel.
      await client.query("SELECT pg_terminate_backend($1)", [pid])
    }
  }

  async function lookOn(): Promise<void> {
    // A short reading needs no look, and no connection for it.
    while (await isReadingStill()) {
      try {
        await look()
      } catch {
        // The readers' own connections tell what is wrong with the source; the next look takes a new one.
        await close()
      }
    }
    looking = undefined
    await close()
  }

  async function isReadingStill(): Promise<boolean> {
    await delay(lookEveryMs, undefined, { signal: stop.signal }).catch(() => undefined)
    return readers.size > 0
  }

  async function close(): Promise<void> {
    const open = client
    client = undefined
    if (open !== undefined) await closeQuietly(open)
  }

  return {
    watch(session) {
      const { processID: pid } = session as unknown as { processID: number }
      const reader = { hasYielded: false }
      readers.set(pid, reader)
      looking ??= lookOn()
      return {
        get hasYielded() {
          return reader.hasYielded
        },
        done: () => void readers.delete(pid),
      }
    },
    async close() {
      readers.clear()
      stop.abort()
      // A look that waits for the source closes what it has opened when that answers.
      await close()
    },
  }
}
