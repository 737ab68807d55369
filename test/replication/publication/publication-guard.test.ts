/** The guard of our publications at a source, beside a running pipeline: locks of others, races, and what it costs. */
import assert from "node:assert/strict"
import { describe, type TestContext, test } from "node:test"
import pg from "pg"
import type { RefusedTable } from "../../../src/replication/contracts/source.ts"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { controlAt } from "../../support/control.ts"
import { startHammer } from "../../support/hammer.ts"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { debianServer, testDatabase, testServer } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

async function prepared(...statements: string[]): Promise<string> {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE k (id int PRIMARY KEY, n int)",
    "INSERT INTO k SELECT i, 0 FROM generate_series(0, 200) i",
    "CREATE TABLE neighbour (id int PRIMARY KEY, n int)",
    "INSERT INTO neighbour SELECT i, 0 FROM generate_series(0, 200) i",
    ...statements,
  )
  return url
}

async function connected(context: TestContext, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  context.after(() => client.end())
  return client
}

function guarded(context: TestContext, url: string, handle: string): RefusedTable[] {
  const withdrawn: RefusedTable[] = []
  const source = openPostgresSource({ url, database: new URL(url).pathname.slice(1) })
  const protection = source.protect?.({
    handles: () => [handle],
    onWithdrawn: (_, tables) => withdrawn.push(...tables),
    // Its server may end before it.
    onPartsChanged: () => undefined,
    onProblem: () => undefined,
  })
  context.after(() => protection?.stop())
  return withdrawn
}

const copies = (pipeline: TestPipeline, table: string) =>
  pipeline.reports.copied.filter((name) => name === `public.${table}`).length

/** With locks in the way. */
const limitMs = 2_000

/** Updates `k` and `neighbour` while somebody does `lose`, which takes away what identifies the rows of `k`. */
async function withoutFailing(
  context: TestContext,
  url: string,
  pipeline: TestPipeline,
  lose: () => Promise<void>,
): Promise<void> {
  const withdrawn = guarded(context, url, pipeline.handle)
  const control = await controlAt(context, url)
  const hammer = await startHammer(context, url, ["k", "neighbour"], 500)
  await waitUntil(() => hammer.successes("k", 0) > 20, { what: "some writes" })
  await lose()
  const lostAtMs = performance.now()
  const allowedMs = () => limitMs + control.slackMs()
  await waitUntil(() => hammer.successes("k", lostAtMs + allowedMs()) > 100, {
    what: "more writes",
    timeoutMs: 60_000,
  })
  await hammer.stop()
  context.diagnostic(`the last statement failed after ${Math.round(hammer.lastFailureMs("k") - lostAtMs)} ms`)
  assert.deepEqual(hammer.failures("k", lostAtMs + allowedMs()), [])
  assert.deepEqual(hammer.failures("neighbour", 0), [])
  assert.deepEqual(
    withdrawn.map(({ name }) => name),
    ["k"],
  )
}

describe("the application's statements go on", { concurrency: 2 }, () => {
  test("while an index is dropped concurrently behind a long transaction, which locks the table", async (context) => {
    const url = await prepared(
      "ALTER TABLE k DROP CONSTRAINT k_pkey, ALTER COLUMN id SET NOT NULL",
      "CREATE UNIQUE INDEX k_id ON k (id)",
      "ALTER TABLE k REPLICA IDENTITY USING INDEX k_id",
    )
    const pipeline = await testPipeline({ url })
    const [long, dropping] = [await connected(context, url), await connected(context, url)]
    let dropped: Promise<unknown> = Promise.resolve()
    await withoutFailing(context, url, pipeline, async () => {
      await long.query("BEGIN; SELECT count(*) FROM k")
      dropped = dropping.query("DROP INDEX CONCURRENTLY k_id")
      dropped.catch(() => undefined)
    })
    await long.query("COMMIT")
    await dropped
    await runSql(url, "ALTER TABLE k REPLICA IDENTITY FULL")
    await waitUntil(async () => (await pipeline.differences()).length === 0, {
      what: "equal rows",
      timeoutMs: 60_000,
    })
    // The publication was made anew, and nothing else was copied for that.
    assert.equal(copies(pipeline, "neighbour"), 1)
    await pipeline.stop()
  })

  test("while sessions that hold locks for long have both the table and its neighbour", async (context) => {
    const url = await prepared()
    const pipeline = await testPipeline({ url })
    const other = await connected(context, url)
    await withoutFailing(context, url, pipeline, async () => {
      await other.query("ALTER TABLE k DROP CONSTRAINT k_pkey; ALTER TABLE k ALTER id SET NOT NULL")
      await other.query("BEGIN; LOCK TABLE k, neighbour IN SHARE UPDATE EXCLUSIVE MODE")
    })
    await other.query("COMMIT")
    await runSql(url, "ALTER TABLE k ADD PRIMARY KEY (id)")
    await waitUntil(async () => (await pipeline.differences()).length === 0, {
      what: "equal rows",
      timeoutMs: 90_000,
    })
    await runSql(url, "UPDATE neighbour SET n = -1", "UPDATE k SET n = -1")
    assert.deepEqual(await pipeline.differences(), [])
    await pipeline.stop()
  })

  test("when a key comes back before anybody looked: what was missed is resynced", async (context) => {
    const url = await prepared()
    const pipeline = await testPipeline({ url, waits: { lookEveryMs: 2_000 } })
    await withoutFailing(context, url, pipeline, () => runSql(url, "ALTER TABLE k DROP CONSTRAINT k_pkey"))
    await runSql(url, "ALTER TABLE k ADD PRIMARY KEY (id)", "UPDATE k SET n = -1 WHERE id = 7")
    await waitUntil(async () => (await pipeline.differences()).length === 0, {
      what: "equal rows",
      timeoutMs: 60_000,
    })
    await pipeline.stop()
  })

  test("killed between taking a table out and noting it: the next start copies what was missed", async (context) => {
    const url = await prepared()
    const before = await testPipeline({ url })
    await before.settle()
    await before.stop()
    // The guard's connection outlives the note: nobody is there to write it.
    const withdrawn = guarded(context, url, before.handle)
    await runSql(url, "ALTER TABLE k DROP CONSTRAINT k_pkey")
    await waitUntil(() => withdrawn.length === 1, { what: "the table to be taken out", timeoutMs: 60_000 })
    await runSql(url, "UPDATE k SET n = -1 WHERE id < 50", "ALTER TABLE k ADD PRIMARY KEY (id)")
    await runSql(url, "DELETE FROM k WHERE id > 190", "UPDATE neighbour SET n = -1")
    const { home, database, handle } = before
    const after = await testPipeline({ url, home, database, handle })
    await waitUntil(async () => (await after.differences()).length === 0, {
      what: "equal rows",
      timeoutMs: 60_000,
    })
    assert.deepEqual(after.reports.copied, ["public.k"])
    await after.stop()
  })
})

test("a source that stands still is asked for the end of its log, and its catalog is not read: no block of it", async (context) => {
  const server = await testServer({ autovacuum: false, shared_preload_libraries: "pg_stat_statements" })
  context.after(() => server.remove())
  await runSql(server.url(), "CREATE DATABASE idle", "CREATE EXTENSION pg_stat_statements")
  const url = server.url("idle")
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY)")
  const pipeline = await testPipeline({ url })
  await pipeline.settle()
  await pipeline.stop()
  guarded(context, url, pipeline.handle)
  // Reading the catalog takes blocks of it.
  const looked = async () => {
    const client = new pg.Client({ connectionString: server.url() })
    await client.connect()
    const { rows } = await client.query<{ calls: number; blocks: number }>(
      "SELECT sum(calls)::int AS calls, sum(shared_blks_hit + shared_blks_read)::int AS blocks FROM pg_stat_statements WHERE query LIKE '%carrying(handle%'",
    )
    await client.end()
    return rows[0] ?? { calls: 0, blocks: 0 }
  }
  const isQuiet = async () => {
    const before = await looked()
    await waitUntil(async () => (await looked()).calls > before.calls + 5, { what: "looks" })
    return (await looked()).blocks === before.blocks
  }
  await waitUntil(isQuiet, { what: "no look at the catalog", timeoutMs: 60_000 })
  await runSql(url, "ALTER TABLE t DROP CONSTRAINT t_pkey")
  await waitUntil(
    async () => {
      await runSql(url, "UPDATE t SET id = 1")
      return true
    },
    { what: "updates to be accepted", timeoutMs: 60_000 },
  )
})

test("PostgreSQL of Debian: updates go on after a key is dropped, and while a partition without one is attached", async (context) => {
  const { server, skip } = await debianServer()
  if (server === undefined) return context.skip(skip)
  await runSql(server.url(), "CREATE DATABASE older")
  const url = server.url("older")
  await runSql(
    url,
    "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0)",
    "CREATE TABLE parts (id int PRIMARY KEY, n int) PARTITION BY RANGE (id)",
    "CREATE TABLE part (id int NOT NULL, n int); INSERT INTO part VALUES (1, 0); ALTER TABLE part REPLICA IDENTITY NOTHING",
  )
  const pipeline = await testPipeline({ url })
  const withdrawn = guarded(context, url, pipeline.handle)
  await runSql(
    url,
    "ALTER TABLE t DROP CONSTRAINT t_pkey",
    "ALTER TABLE parts ATTACH PARTITION part FOR VALUES FROM (0) TO (10)",
  )
  const works = () => runSql(url, "UPDATE t SET n = n + 1", "UPDATE parts SET n = n + 1").then(() => true)
  await waitUntil(works, { what: "updates to be accepted", timeoutMs: 60_000 })
  await waitUntil(() => withdrawn.length === 2, { what: "both to be told" })
  assert.match(withdrawn.find(({ name }) => name === "parts")?.reason ?? "", /partition part/)
  await pipeline.stop()
})
