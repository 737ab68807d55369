import { setTimeout as delay } from "node:timers/promises"
import type pg from "pg"
import type { Protection, ProtectionOptions } from "../../replication/source.ts"
import { readCatalog } from "./catalog.ts"
import { type Address, closeQuietly, connect, destroy } from "./client.ts"
import { problemOf } from "./errors.ts"
import { harmfulEntries } from "./identity.ts"
import { type PublishedTable, unpublish } from "./unpublish.ts"

/** An application's statements fail for as long as it takes to notice, and a little more. */
const lookEveryMs = 150
/** At most this part of the time is spent on looking, as long as that is quick enough for the application. */
const waitFactor = 10
const longestWaitMs = 250
/** While the source's log stands still. */
const idleWaitMs = 300
const firstRetryMs = 250
const longestRetryMs = 5_000
/** What does not answer for so long is asked anew. */
const answerLimitMs = 10_000

/**
 * Keeps tables that do not identify their rows any more out of our publications: PostgreSQL refuses to update and delete
 * their rows while they are published. On a connection of its own, since those of a pipeline wait for other things.
 *
 * Each look asks for the end of the log. Every change of a definition moves it; while it stands still (and no
 * transaction was writing at the last look), the catalog is not read.
 */
export function guardPublications(address: Address, options: ProtectionOptions): Protection {
  const stop = new AbortController()
  let client: pg.Client | undefined

  async function run(): Promise<void> {
    let retryMs = firstRetryMs
    while (!stop.signal.aborted) {
      try {
        client = await connect(address)
        if (stop.signal.aborted) continue
        await watch(client, () => {
          retryMs = firstRetryMs
          options.onProblem(undefined)
        })
      } catch (error) {
        if (!stop.signal.aborted) options.onProblem(problemOf(error, "looking after the publications"))
      } finally {
        if (client !== undefined) await closeQuietly(client)
        client = undefined
      }
      await delay(retryMs, undefined, { signal: stop.signal }).catch(() => undefined)
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    }
  }

  async function watch(client: pg.Client, onAnswer: () => void): Promise<void> {
    const looker = newLooker(client)
    while (!stop.signal.aborted) {
      const atMs = performance.now()
      const handles = options.handles()
      const harmful = await answering(client, async () => {
        const found = await looker.look(handles)
        for (const [handle, tables] of Map.groupBy(found, (one) => one.handle))
          await withdraw(client, handle, tables)
        return found
      })
      onAnswer()
      // What was found may not be all: another look is due.
      if (harmful.length > 0) continue
      const busyMs = Math.min(Math.max(lookEveryMs, waitFactor * (performance.now() - atMs)), longestWaitMs)
      const waitMs = looker.isIdle() ? idleWaitMs : busyMs
      await delay(waitMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }

  async function withdraw(client: pg.Client, handle: string, tables: HarmfulTable[]): Promise<void> {
    try {
      await unpublish(client, handle, tables)
    } catch (error) {
      // It was renamed, dropped or taken out since the look: the next one says what there is.
      if (!isOverNow(error)) throw error
      await delay(lookEveryMs)
      return
    }
    const ids = tables.map(({ id }) => id)
    const { refused } = await readCatalog(client, () => true, ids)
    options.onWithdrawn(handle, refused)
  }

  const running = run()
  return {
    async stop() {
      stop.abort()
      // One that is still being opened is closed when it is.
      if (client === undefined) return
      destroy(client)
      await running
    },
  }
}

interface HarmfulTable extends PublishedTable {
  handle: string
}

// Undefined object, table and schema.
const overStates = new Set(["42704", "42P01", "3F000"])
const isOverNow = (error: unknown) => overStates.has((error as { code?: string }).code ?? "")

async function answering<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => destroy(client), answerLimitMs)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

/**
 * `$2`: up to where the log was seen to hold nothing new. The end of the log is read after the statement's snapshot was
 * taken: the snapshot sees what was committed before the end that the look before this one read.
 */
const lookQuery = `
select pg_current_wal_insert_lsn()::text as end, pg_snapshot_xmin(now) = pg_snapshot_xmax(now) as settled,
  case when pg_current_wal_insert_lsn() is distinct from $2::pg_lsn then
    (select coalesce(json_agg(found), '[]') from (${harmfulEntries("$1::text[]")}) found) end as harmful
from pg_current_snapshot() now`

interface Look {
  end: string
  /** Nobody was writing: a transaction that had written its commit, and was not seen yet, is among those that are. */
  settled: boolean
  /** `null`: the catalog was not read. */
  harmful: HarmfulTable[] | null
}

interface Looker {
  /** The tables, with the publications, whose updates fail now. */
  look(handles: readonly string[]): Promise<HarmfulTable[]>
  /** The last look found that nothing had been written since the one before, and read no catalog. */
  isIdle(): boolean
}

function newLooker(client: pg.Client): Looker {
  let asked = ""
  /** The end of the log that the last look read. */
  let end: string | undefined
  /** Up to here there was nothing to find. */
  let quiet: string | undefined
  let isIdle = true
  return {
    isIdle: () => isIdle,
    async look(handles) {
      isIdle = true
      if (handles.length === 0) return []
      if (asked !== handles.join()) quiet = undefined
      asked = handles.join()
      const answer = await client.query<Look>({
        name: "look",
        text: lookQuery,
        values: [handles, quiet ?? null],
      })
      const [found] = answer.rows
      isIdle = found === undefined || found.harmful === null
      if (found === undefined || found.harmful === null) return []
      quiet = found.settled && found.harmful.length === 0 ? end : undefined
      end = found.end
      return found.harmful
    },
  }
}
