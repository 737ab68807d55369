import type pg from "pg"
import { pause } from "../../../concurrency/deadline.ts"
import { type Address, closeQuietly, connect } from "../client.ts"

/**
 * A snapshot reads tables under ACCESS SHARE, which conflicts with ALTER, DROP, TRUNCATE and VACUUM FULL only. But a
 * snapshot may take hours, and a statement that waits to alter the table makes all later readers and writers queue
 * behind it. Its `lock_timeout` is not ours to set. So a reader that blocks such a statement is ended, and its table
 * is read again later.
 */
export interface LockYield {
  /** From now on the session of this client is ended when a statement waits for its lock. */
  watch(client: pg.Client): WatchedReader
  close(): Promise<void>
}

export interface WatchedReader {
  /** True once the session was ended because a statement waited for its lock. */
  readonly hasYielded: boolean
  done(): void
}

/** A waiting statement that is seen at two polls in a row has waited for one to two intervals. */
const lookEveryMs = 250

const waitedForQuery = `
select distinct ours.pid from pg_locks ours join pg_locks others using (locktype, database, relation)
where ours.locktype = 'relation' and ours.granted and ours.pid = any($1)
  and not others.granted and others.mode = 'AccessExclusiveLock'`

export function newLockYield(address: Address): LockYield {
  const readers = new Map<number, { hasYielded: boolean }>()
  const stop = new AbortController()
  let client: pg.Client | undefined
  let isLooking = false
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
      // pg_cancel_backend would not do: a session that waits in a write, for us to take its rows, does not react to
      // it.
      await client.query("SELECT pg_terminate_backend($1)", [pid])
    }
  }

  /** Never rejects. */
  async function lookOn(): Promise<void> {
    isLooking = true
    // A read that ends within one interval needs no poll, and no connection for it.
    while (await isReadingStill()) {
      try {
        await look()
      } catch {
        // The readers' own connections tell what is wrong with the source; the next look takes a new one.
        await close()
      }
    }
    isLooking = false
    await close()
  }

  async function isReadingStill(): Promise<boolean> {
    await pause(lookEveryMs, stop.signal)
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
      if (!isLooking) void lookOn()
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
