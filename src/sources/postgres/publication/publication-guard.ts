import { setTimeout as delay } from "node:timers/promises"
import pg from "pg"
import { pause, startDeadline } from "../../../concurrency/deadline.ts"
import { Problem } from "../../../domain/problems.ts"
import { qualifiedName } from "../../../domain/table.ts"
import type { Protection, ProtectionOptions } from "../../../replication/contracts/source.ts"
import { readCatalog } from "../catalog/catalog.ts"
import { carryingTables, harmfulAmongCarrying, partitionPrints } from "../catalog/identity.ts"
import { type Address, closeQuietly, connect, destroy } from "../client.ts"
import { problemOf } from "../errors.ts"
import { publishGenerated } from "./publication.ts"
import { dropSchema, type Widening, wideningsOf } from "./publication-widening.ts"
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
 * transaction was writing at the last look), the catalog is not read. The same look tells when the partitions of a
 * published table have changed.
 */
export function guardPublications(address: Address, options: ProtectionOptions): Protection {
  const stop = new AbortController()
  let client: pg.Client | undefined
  const partitions = newPartitionWatch(options.onPartsChanged)

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
      await pause(retryMs, stop.signal)
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    }
  }

  async function watch(client: pg.Client, onAnswer: () => void): Promise<void> {
    const looker = newLooker(client, await serverVersion(client))
    while (!stop.signal.aborted) {
      const atMs = performance.now()
      const handles = options.handles()
      const done = await answering(client, async () => {
        const found = await looker.look(handles)
        if (found === undefined) return undefined
        partitions.seen(handles, found.partitions)
        return await mend(client, found)
      })
      if (done?.refusal === undefined) onAnswer()
      else options.onProblem(refused(done))
      // What was found may not be all: another look is due.
      if (done !== undefined && done.mended > 0) continue
      const busyMs = Math.min(Math.max(lookEveryMs, waitFactor * (performance.now() - atMs)), longestWaitMs)
      const waitMs = looker.isIdle() ? idleWaitMs : busyMs
      await pause(waitMs, stop.signal)
    }
  }

  /** What one publication does not let us do must not keep the tables of another. */
  async function mend(client: pg.Client, { harmful, widened }: Found): Promise<Mended> {
    const work = [
      ...widened.map((one) => () => takeBack(client, one)),
      ...[...Map.groupBy(harmful, ({ handle }) => handle)].map(
        ([handle, tables]) =>
          () =>
            withdraw(client, handle, tables),
      ),
    ]
    const done: Mended = { mended: 0, refusal: undefined, harmed: harmful.map(qualifiedName) }
    for (const one of work) {
      try {
        await one()
        done.mended++
      } catch (error) {
        // It was renamed, dropped or taken out since the look: the next one says what there is.
        if (isOverNow(error)) await delay(lookEveryMs)
        else if (!isRefusal(error)) throw error
        else done.refusal ??= error
      }
    }
    return done
  }

  async function takeBack(client: pg.Client, { handle, schema }: Widening): Promise<void> {
    if (schema === null) await publishGenerated(client, handle)
    else await dropSchema(client, handle, schema)
    options.onWithdrawn(handle, [])
  }

  async function withdraw(client: pg.Client, handle: string, tables: HarmfulTable[]): Promise<void> {
    await unpublish(client, handle, tables)
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

interface Mended {
  mended: number
  /** The server's first no. */
  refusal: unknown
  /** Tables whose updates failed when they were looked at. */
  harmed: string[]
}

function refused({ refusal, harmed }: Mended): Problem {
  const { kind, message, cause } = problemOf(refusal, "taking a table out of a publication")
  if (harmed.length === 0) return new Problem(kind, message, { cause })
  const tables = [...new Set(harmed)].join(", ")
  const consequence = `Until then the source refuses to update and delete rows of ${tables}.`
  return new Problem(kind, `${message} ${consequence}`, { cause })
}

/** The role has lost a right, or an event trigger of the source's raises an error. */
const isRefusal = (error: unknown) => error instanceof pg.DatabaseError && error.severity === "ERROR"

async function serverVersion(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  )
  return rows[0]?.version ?? 0
}

// Undefined object, table and schema.
const overStates = new Set(["42704", "42P01", "3F000"])
const isOverNow = (error: unknown) => overStates.has((error as { code?: string }).code ?? "")

async function answering<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  const limit = startDeadline(answerLimitMs, () => destroy(client))
  try {
    return await work()
  } finally {
    limit.end()
  }
}

/**
 * `$2`: up to where the log was seen to hold nothing new. The end of the log is read after the statement's snapshot was
 * taken: the snapshot sees what was committed before the end that the look before this one read.
 */
const lookQuery = (version: number) => `
select pg_current_wal_insert_lsn()::text as end, pg_snapshot_xmin(now) = pg_snapshot_xmax(now) as settled,
  case when pg_current_wal_insert_lsn() is distinct from $2::pg_lsn then
    (with recursive ${carryingTables("$1::text[]")}
     select json_build_object('harmful', (select coalesce(json_agg(found), '[]') from (${harmfulAmongCarrying}) found),
       'widened', (select coalesce(json_agg(found), '[]') from (${wideningsOf("$1::text[]", version)}) found),
       'partitions', (select coalesce(json_object_agg(handle, print), '{}') from (${partitionPrints}) prints))) end as found
from pg_current_snapshot() now`

interface Look {
  end: string
  /** Nobody was writing: a transaction that had written its commit, and was not seen yet, is among those that are. */
  settled: boolean
  /** `null`: the catalog was not read. */
  found: Found | null
}

interface Found {
  /** The tables, with the publications, whose updates fail now. */
  harmful: HarmfulTable[]
  /** What others have put into the publications. */
  widened: Widening[]
  /** A print of the partitions by publication; without: it publishes none. */
  partitions: Record<string, string>
}

interface Looker {
  /** `undefined`: nothing was written since the last look, or nothing is to be looked at. */
  look(handles: readonly string[]): Promise<Found | undefined>
  /** The last look found that nothing had been written since the one before, and read no catalog. */
  isIdle(): boolean
}

function newLooker(client: pg.Client, version: number): Looker {
  const text = lookQuery(version)
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
      if (handles.length === 0) return undefined
      if (asked !== handles.join()) quiet = undefined
      asked = handles.join()
      const answer = await client.query<Look>({
        name: "look",
        text,
        values: [handles, quiet ?? null],
      })
      const [row] = answer.rows
      const found = row?.found ?? undefined
      isIdle = found === undefined
      if (row === undefined || found === undefined) return undefined
      quiet = row.settled && found.harmful.length + found.widened.length === 0 ? end : undefined
      end = row.end
      return found
    },
  }
}

interface PartitionWatch {
  seen(handles: readonly string[], prints: Readonly<Record<string, string>>): void
}

/** Outlives a connection: what changed while there was none is told by the next. */
function newPartitionWatch(onChanged: (handle: string) => void): PartitionWatch {
  const known = new Map<string, string>()
  return {
    seen(handles, prints) {
      for (const handle of known.keys()) if (!handles.includes(handle)) known.delete(handle)
      for (const handle of handles) {
        const print = prints[handle] ?? ""
        if ((known.get(handle) ?? "") !== print) onChanged(handle)
        known.set(handle, print)
      }
    },
  }
}
