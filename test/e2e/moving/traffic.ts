import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"

/** A source database, and where its rows are in the warehouse. */
export interface Flow {
  name: string
  /** Of the source database. */
  url: string
  /** The schema in the warehouse's database. */
  schema: string
  /** Between two of its commits; absent: as TrafficOptions says. */
  everyMs?: number
}

/** A row that could be seen for the first time, by this process's monotonic clock in ms. */
interface Seen {
  seq: number
  committedMs: number
  seenMs: number
}

export interface Traffic {
  /**
   * For each flow the milliseconds from `sinceMs` to when the first row that was committed after it could be seen. Waits for all
   * of `names`.
   */
  firstAfter(sinceMs: number, names?: readonly string[], timeoutMs?: number): Promise<Map<string, number>>
  /** For each flow, the longest time since `sinceMs` in which no new row could be seen, in ms. */
  longestGap(sinceMs: number): Map<string, number>
  /** Ends the writing, waits until the warehouse has all, and compares every row. */
  assertEqual(): Promise<void>
}

export interface TrafficOptions {
  flows: readonly Flow[]
  warehouseUrl: string
  /** Between two commits of one source. */
  everyMs: number
}

/** Rows that come one by one, into a table with a key and one without, in which each row counts. */
export const trafficTables = `
  CREATE TABLE ticks (seq int PRIMARY KEY, note text NOT NULL);
  CREATE TABLE marks (seq int, note text); ALTER TABLE marks REPLICA IDENTITY FULL`

const lookEveryMs = 100
const connectionsAtOnce = 12

export async function startTraffic(context: TestContext, options: TrafficOptions): Promise<Traffic> {
  const { flows, warehouseUrl, everyMs } = options
  const committed = new Map<string, number[]>(flows.map(({ name }) => [name, []]))
  const seen = new Map<string, Seen[]>(flows.map(({ name }) => [name, []]))
  const over = new AbortController()
  const writers = new AbortController()
  const laneEveryMs = ([first]: readonly Flow[]) => first?.everyMs ?? everyMs
  const writing = Promise.all(
    lanesOf(flows).map((lane) => write(lane, laneEveryMs(lane), committed, writers.signal)),
  )
  const watching = watch(warehouseUrl, flows, { committed, seen }, over.signal)
  atEnd(context, async () => {
    writers.abort()
    over.abort()
    await Promise.allSettled([writing, watching])
  })
  return {
    async firstAfter(sinceMs, names = flows.map(({ name }) => name), timeoutMs = 60_000) {
      const first = (name: string) => seen.get(name)?.find((one) => one.committedMs > sinceMs)
      await waitUntil(() => names.every((name) => first(name) !== undefined), {
        what: `rows committed later in ${names}`,
        timeoutMs,
      }).catch((error: unknown) => {
        throw new Error(`no new rows: ${names.filter((name) => first(name) === undefined)}`, { cause: error })
      })
      return new Map(names.map((name) => [name, (first(name)?.seenMs ?? Number.NaN) - sinceMs]))
    },
    longestGap: (sinceMs) =>
      new Map(
        [...seen].map(([name, rows]) => {
          const times = [sinceMs, ...rows.map(({ seenMs }) => seenMs).filter((ms) => ms > sinceMs)]
          return [name, Math.max(...times.slice(1).map((ms, n) => ms - (times[n] ?? ms)), 0)]
        }),
      ),
    async assertEqual() {
      writers.abort()
      await writing
      for (const flow of flows) await assertSame(flow, warehouseUrl)
      over.abort()
      await watching
    },
  }
}

/** Sources take turns in a few lanes; one with a pace of its own has a lane of its own. */
function lanesOf(flows: readonly Flow[]): Flow[][] {
  const usual = flows.filter((one) => one.everyMs === undefined)
  const lanes = Math.min(connectionsAtOnce, usual.length)
  return [
    ...Array.from({ length: lanes }, (_, lane) => usual.filter((_, n) => n % lanes === lane)),
    ...flows.filter((one) => one.everyMs !== undefined).map((one) => [one]),
  ]
}

async function write(
  lane: readonly Flow[],
  everyMs: number,
  committed: ReadonlyMap<string, number[]>,
  signal: AbortSignal,
): Promise<void> {
  const clients = await Promise.all(lane.map(({ url }) => connected(url)))
  try {
    while (!signal.aborted) {
      for (const [n, { name }] of lane.entries()) {
        const times = committed.get(name) ?? []
        await clients[n]?.query(
          `WITH tick AS (INSERT INTO ticks VALUES (${times.length}, 'tick') RETURNING seq) INSERT INTO marks SELECT seq, 'mark' FROM tick`,
        )
        times.push(performance.now())
      }
      await sleep(everyMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    for (const client of clients) await client.end().catch(() => undefined)
  }
}

async function watch(
  warehouseUrl: string,
  flows: readonly Flow[],
  { committed, seen }: { committed: ReadonlyMap<string, number[]>; seen: ReadonlyMap<string, Seen[]> },
  signal: AbortSignal,
): Promise<void> {
  const client = await connected(warehouseUrl)
  const there = new Set<string>()
  try {
    while (!signal.aborted) {
      await noteTables(client, flows, there)
      const asked = flows.filter(({ name }) => there.has(name))
      const statement = asked
        .map(({ name, schema }) => `SELECT '${name}' AS name, max(seq) AS seq FROM "${schema}".ticks`)
        .join(" UNION ALL ")
      const { rows } = statement === "" ? { rows: [] } : await client.query(statement)
      const seenMs = performance.now()
      for (const { name, seq } of rows)
        note(seen.get(name) ?? [], committed.get(name) ?? [], seq ?? -1, seenMs)
      await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function noteTables(client: pg.Client, flows: readonly Flow[], there: Set<string>): Promise<void> {
  if (there.size === flows.length) return
  const { rows } = await client.query("SELECT schemaname FROM pg_tables WHERE tablename = 'ticks'")
  for (const { schemaname } of rows) {
    const flow = flows.find(({ schema }) => schema === schemaname)
    if (flow !== undefined) there.add(flow.name)
  }
}

function note(seen: Seen[], committed: readonly number[], seq: number, seenMs: number): void {
  const from = (seen.at(-1)?.seq ?? -1) + 1
  for (let n = from; n <= seq; n++) seen.push({ seq: n, committedMs: committed[n] ?? seenMs, seenMs })
}

async function assertSame({ name, url, schema }: Flow, warehouseUrl: string): Promise<void> {
  const source = await connected(url)
  const warehouse = await connected(warehouseUrl)
  try {
    for (const table of ["ticks", "marks"]) {
      const digest = (from: string) =>
        `SELECT count(*)::int AS rows, count(DISTINCT seq)::int AS distinct, md5(string_agg(seq || note, ',' ORDER BY seq)) AS digest FROM ${from}`
      const [wanted] = (await source.query(digest(`public.${table}`))).rows
      await waitUntil(
        async () => {
          const [found] = (await warehouse.query(digest(`"${schema}".${table}`))).rows
          return found.rows >= wanted.rows
        },
        { what: `all rows of ${name}`, timeoutMs: 120_000 },
      )
      const [found] = (await warehouse.query(digest(`"${schema}".${table}`))).rows
      assert.deepEqual(found, wanted, `${name}, table ${table}`)
    }
  } finally {
    await source.end()
    await warehouse.end()
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  return client
}
