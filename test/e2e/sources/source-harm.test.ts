/** Tables that lose what identifies their rows while an application writes: its statements go on. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { type Control, controlAt } from "../../support/control.ts"
import { type Hammer, startHammer } from "../../support/hammer.ts"
import { runSql } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { lockWarehouse } from "../locked-warehouse.ts"
import { newPlace, sourceArn } from "../place.ts"
import { type Api, apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { assertEqualContent, becomesEqual } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

interface Loss {
  table: string
  make: string
  /** Takes away what identifies rows. */
  lose: string
  mend: string
  reason: RegExp
}

/** For as long may the source refuse. */
const limitMs = 1_000
/** A try connects before it asks. */
const connectingMs = 500

const losses: Loss[] = [
  {
    table: "dropped_key",
    make: "CREATE TABLE dropped_key (id int PRIMARY KEY, n int)",
    lose: "ALTER TABLE dropped_key DROP CONSTRAINT dropped_key_pkey",
    mend: "ALTER TABLE dropped_key ADD PRIMARY KEY (id)",
    reason: /no primary key.*REPLICA IDENTITY FULL/,
  },
  {
    table: "late_key",
    make: "CREATE TABLE late_key (id int PRIMARY KEY, n int)",
    lose: "ALTER TABLE late_key DROP CONSTRAINT late_key_pkey, ADD PRIMARY KEY (id) DEFERRABLE",
    mend: "ALTER TABLE late_key REPLICA IDENTITY FULL",
    reason: /no primary key/,
  },
  {
    table: "nothing",
    make: "CREATE TABLE nothing (id int PRIMARY KEY, n int)",
    lose: "ALTER TABLE nothing REPLICA IDENTITY NOTHING",
    mend: "ALTER TABLE nothing REPLICA IDENTITY DEFAULT",
    reason: /replica identity is NOTHING/,
  },
  {
    table: "no_more_full",
    make: "CREATE TABLE no_more_full (id int, n int); ALTER TABLE no_more_full REPLICA IDENTITY FULL",
    lose: "ALTER TABLE no_more_full REPLICA IDENTITY DEFAULT",
    mend: "ALTER TABLE no_more_full REPLICA IDENTITY FULL",
    reason: /no primary key/,
  },
  {
    table: "lost_index",
    make: `CREATE TABLE lost_index (id int NOT NULL, n int); CREATE UNIQUE INDEX lost_index_id ON lost_index (id);
      ALTER TABLE lost_index REPLICA IDENTITY USING INDEX lost_index_id`,
    lose: "DROP INDEX lost_index_id",
    mend: "ALTER TABLE lost_index REPLICA IDENTITY FULL",
    reason: /identity index is gone/,
  },
  {
    table: "lost_column",
    make: "CREATE TABLE lost_column (part int DEFAULT 0, id int, n int, PRIMARY KEY (part, id))",
    lose: "ALTER TABLE lost_column DROP COLUMN part",
    mend: "ALTER TABLE lost_column ADD PRIMARY KEY (id)",
    reason: /no primary key/,
  },
  {
    table: "parts",
    make: `CREATE TABLE parts (id int, n int) PARTITION BY RANGE (id); ALTER TABLE parts REPLICA IDENTITY FULL;
      CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (1000); ALTER TABLE parts_low REPLICA IDENTITY FULL`,
    lose: "ALTER TABLE parts DETACH PARTITION parts_low; ALTER TABLE parts_low REPLICA IDENTITY DEFAULT; ALTER TABLE parts ATTACH PARTITION parts_low FOR VALUES FROM (0) TO (1000)",
    mend: "ALTER TABLE parts_low REPLICA IDENTITY FULL",
    reason: /partition parts_low/,
  },
]

const tables = losses.map(({ table }) => table)

async function prepared(context: TestContext) {
  const source = await testDatabase()
  atEnd(context, () => source.drop())
  for (const { table, make } of losses)
    await runSql(
      source.url,
      ...make.split(";"),
      `INSERT INTO ${table} (id, n) SELECT i, 0 FROM generate_series(0, 200) i`,
    )
  await runSql(
    source.url,
    "CREATE TABLE neighbour (id int PRIMARY KEY, n int)",
    "INSERT INTO neighbour VALUES (1, 0)",
  )
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  return { source, place, api: apiOf(place) }
}

/** When each table had lost what identifies its rows. */
async function loseAll(url: string): Promise<Map<string, number>> {
  const lostAtMs = new Map<string, number>()
  for (const { table, lose } of losses) {
    await runSql(url, lose)
    lostAtMs.set(table, performance.now())
  }
  return lostAtMs
}

async function assertWritesGoOn(
  hammer: Hammer,
  control: Control,
  lostAtMs: ReadonlyMap<string, number>,
): Promise<void> {
  const from = (table: string) => (lostAtMs.get(table) ?? 0) + limitMs + control.slackMs()
  await waitUntil(() => tables.every((table) => hammer.successes(table, from(table)) > 50), {
    what: "writes to every table",
    timeoutMs: 60_000,
  })
  const failed = tables.map((table) => [table, hammer.failures(table, from(table)).length])
  assert.deepEqual(
    failed,
    tables.map((table) => [table, 0]),
  )
}

test("tables lose what identifies their rows while 1,000 statements a second write: none fails after 1 s, the status names each at once, and each comes back by itself", async (context) => {
  const { source, place, api } = await prepared(context)
  await place.start()
  await api.create("harm", `include: ${source.name}.public.*`)
  await api.becomes("harm", "active")
  const control = await controlAt(context, source.url)
  const hammer = await startHammer(context, source.url, tables, 1_000)
  await delay(500)
  for (const table of tables) assert.deepEqual(hammer.failures(table, 0), [])
  const lostAtMs = await loseAll(source.url)
  const errors = await waitUntil(
    async () => {
      const { Errors = [] } = (await api.describe("harm")) ?? {}
      return Errors.length === losses.length ? Errors : undefined
    },
    { what: "all of them to be told", intervalMs: 50 },
  )
  for (const { table, reason } of losses)
    assert.match(
      errors.map(({ ErrorMessage }) => ErrorMessage).find((one) => one?.includes(`public.${table}:`)) ?? "",
      reason,
    )
  assert.equal((await api.describe("harm"))?.Status, "needs_attention")
  await assertWritesGoOn(hammer, control, lostAtMs)
  context.diagnostic(
    `${Math.round(hammer.rate())} statements/s, a slow machine's part ${Math.round(control.slackMs())} ms, failed: ${tables.map((table) => hammer.failures(table, 0).length)}, the last ms after: ${tables.map((table) => Math.round(hammer.lastFailureMs(table) - (lostAtMs.get(table) ?? 0)))}`,
  )
  // Nothing is claimed that cannot be done.
  const resync = await place.run("resync", "--integration", "harm", "--table", "public.dropped_key")
  assert.equal(resync.code, 1)
  assert.match(resync.output, /no primary key/)
  assert.match(
    (await place.run("resync", "--integration", "harm")).output,
    /public\.nothing cannot be copied\..*NOTHING[\s\S]*public\.neighbour is being resynced/,
  )
  for (const { mend } of losses) await runSql(source.url, mend)
  await api.becomes("harm", "active", 120_000)
  const mendedAtMs = performance.now()
  await waitUntil(() => tables.every((table) => hammer.successes(table, mendedAtMs) > 20), {
    what: "more writes",
  })
  await hammer.stop()
  for (const table of tables) assert.deepEqual(hammer.failures(table, mendedAtMs), [])
  const isEqual = () =>
    assertEqualContent(place, source.url, "harm", [...tables, "neighbour"]).then(() => true)
  await waitUntil(isEqual, { what: "equal rows", timeoutMs: 60_000, intervalMs: 500 })
})

/** An update of `accounts` is accepted again in time after its key was dropped. */
async function assertRefusedBriefly(context: TestContext, url: string): Promise<void> {
  const control = await controlAt(context, url)
  await runSql(url, "ALTER TABLE accounts DROP CONSTRAINT accounts_pkey")
  const atMs = performance.now()
  const works = () => runSql(url, "UPDATE accounts SET balance = balance WHERE id = 1").then(() => true)
  await waitUntil(works, { what: "updates to be accepted", timeoutMs: 60_000, intervalMs: 20 })
  const refusedMs = performance.now() - atMs
  const allowedMs = limitMs + connectingMs + control.slackMs()
  context.diagnostic(`refused for ${Math.round(refusedMs)} ms of ${Math.round(allowedMs)} ms`)
  assert.ok(refusedMs < allowedMs, `refused for ${refusedMs} ms`)
}

async function assertNamed(api: Api): Promise<void> {
  const isNamed = async () =>
    (await api.describe("harm"))?.Errors?.some(({ ErrorMessage }) =>
      /public\.accounts: It has no primary key.*REPLICA IDENTITY FULL/.test(ErrorMessage ?? ""),
    )
  await waitUntil(isNamed, { what: "the table to be told", intervalMs: 50 })
}

test("a key is dropped while the warehouse is away: updates are refused for less than 1 s, and the status names the table", async (context) => {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  const first = await place.start()
  const api = apiOf(place)
  await api.create("harm", `include: ${source.name}.public.*`)
  await api.becomes("harm", "active")
  await first.terminate()
  await lockWarehouse(context, place, "harm")
  await place.start()
  await api.reports("harm", "WAREHOUSE_UNAVAILABLE")
  await assertRefusedBriefly(context, source.url)
  await assertNamed(api)
})

test("a key is dropped while the first copy waits for a transaction: updates are refused for less than 1 s; the table stays out of the copy", async (context) => {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  await place.start()
  const api = apiOf(place)
  await onDatabase(source.url, async (client) => {
    await client.query("BEGIN; SELECT pg_current_xact_id()")
    await api.create("harm", `include: ${source.name}.public.*`)
    await api.reports("harm", "SOURCE_BUSY")
    await assertRefusedBriefly(context, source.url)
    await client.query("COMMIT")
  })
  await assertNamed(api)
  await runSql(source.url, "ALTER TABLE accounts ADD PRIMARY KEY (id)")
  await api.becomes("harm", "active", 60_000)
  await becomesEqual(place, source.url, "harm")
})
