import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { controlAt } from "../support/control.ts"
import { beginTestPipeline, runSql, testPipeline, testWarehouse } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { waitUntil } from "../support/wait-until.ts"

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  // A broken connection shows in the query that uses it.
  client.on("error", () => undefined)
  await client.connect()
  return client
}

const wide = "CREATE TABLE t (id int PRIMARY KEY, a text, b numeric(12,2), c timestamptz, d bool)"
const rows = (from: number, to: number) =>
  `SELECT i, 'row ' || i, i / 100.0, '2024-01-01'::timestamptz + i * interval '1 s', i % 2 = 0 FROM generate_series(${from}, ${to}) i`

test("one large transaction lands whole: readers see all of it or nothing", async () => {
  const { url } = await testDatabase()
  await runSql(url, wide, `INSERT INTO t ${rows(1, 1000)}`)
  const pipeline = await testPipeline({ url })
  const staged = runSql(
    url,
    `BEGIN; INSERT INTO t ${rows(1001, 300_000)}; UPDATE t SET b = -b WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0; COMMIT`,
  )
  const seen = new Set<string>()
  let isDone = false
  const looking = (async () => {
    while (!isDone) {
      const [found] = await pipeline.home.read(
        `SELECT count(*)::VARCHAR || '/' || (count(*) FILTER (WHERE b < 0))::VARCHAR FROM "${pipeline.database}".public.t`,
      )
      seen.add(String(found?.[0]))
    }
  })()
  await staged
  assert.deepEqual(await pipeline.differences(), [])
  isDone = true
  await looking
  assert.deepEqual([...seen].sort(), ["1000/0", "257143/85715"])
})

test("transactions that run at once arrive in the order of their commits", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE t (id int PRIMARY KEY, v int)",
    "INSERT INTO t SELECT i, 0 FROM generate_series(1, 100) i",
  )
  const pipeline = await testPipeline({ url })
  const clients = await Promise.all([connected(url), connected(url), connected(url)])
  for (let round = 0; round < 20; round++) {
    for (const client of clients) await client.query("BEGIN")
    for (let step = 0; step < 5; step++) {
      for (const [place, client] of clients.entries())
        await client.query(`UPDATE t SET v = v + 1 WHERE id % 3 = ${place} AND id % 5 = ${step}`)
    }
    // Whoever began first need not end first.
    for (let i = 0; i < clients.length; i++) {
      await clients[(i + round) % clients.length]?.query(round % 4 === 3 && i === 1 ? "ROLLBACK" : "COMMIT")
    }
  }
  assert.deepEqual(await pipeline.differences(), [])
  for (const client of clients) await client.end()
})

test("a copy under concurrent writes meets the stream without gap or overlap", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    wide,
    `INSERT INTO t ${rows(1, 60_000)}`,
    "CREATE TABLE log (n int, v text)",
    "ALTER TABLE log REPLICA IDENTITY FULL",
  )
  let isOver = false
  const writer = async (place: number) => {
    const client = await connected(url)
    for (let n = 0; !isOver; n++) {
      await client.query(
        `BEGIN; INSERT INTO log VALUES (${place}, 'x'); UPDATE t SET b = b + 1 WHERE id % 1000 = ${(n * 7 + place) % 1000}; INSERT INTO t VALUES (${100_000 * (place + 1) + n}, 'new', 0, now(), true); DELETE FROM t WHERE id = ${(n * 4 + place) % 60_000}; COMMIT`,
      )
    }
    await client.end()
  }
  const writers = [writer(0), writer(1)]
  const pipeline = await testPipeline({ url })
  await waitUntil(() => pipeline.reports.changes > 500, { what: "changes to arrive" })
  isOver = true
  await Promise.all(writers)
  assert.deepEqual(await pipeline.differences(), [])
  assert.deepEqual(pipeline.reports.problems, [])
})

test("several databases of one server, filtered, into one warehouse", async () => {
  const [first, second] = await Promise.all([testDatabase(), testDatabase()])
  for (const { url } of [first, second]) {
    await runSql(
      url,
      "CREATE TABLE wanted (id int PRIMARY KEY)",
      "CREATE TABLE unwanted (id int PRIMARY KEY)",
      "INSERT INTO wanted SELECT generate_series(1, 10)",
      "INSERT INTO unwanted VALUES (1)",
    )
  }
  const home = await testWarehouse()
  const select = (table: { name: string }) => table.name === "wanted"
  const pipelines = await Promise.all([first, second].map(({ url }) => testPipeline({ url, home, select })))
  await runSql(first.url, "DELETE FROM wanted WHERE id < 5", "INSERT INTO unwanted VALUES (2)")
  await runSql(second.url, "INSERT INTO wanted VALUES (11)")
  for (const pipeline of pipelines) {
    assert.deepEqual(await pipeline.differences(["public.wanted"]), [])
    const found = await home.read(
      `SELECT table_name FROM duckdb_tables() WHERE database_name = '${pipeline.database}' AND table_name LIKE '%wanted'`,
    )
    assert.deepEqual(found, [["wanted"]])
  }
  const counts = await home.read(
    pipelines
      .map(({ database }) => `SELECT count(*)::VARCHAR FROM "${database}".public.wanted`)
      .join(" UNION ALL "),
  )
  assert.deepEqual(counts, [["6"], ["11"]], "one statement reads both")
})

test("stopped in the midst of a copy, it ends soon, and the next one begins anew", async (context) => {
  const { url } = await testDatabase()
  await runSql(url, wide, `INSERT INTO t ${rows(1, 200_000)}`)
  const home = await testWarehouse()
  const first = await beginTestPipeline({ url, home })
  await waitUntil(() => first.reports.phases.includes("copying"), { what: "copying to begin", intervalMs: 1 })
  const control = await controlAt(context, url)
  const startedMs = performance.now()
  await first.stop()
  const tookMs = performance.now() - startedMs
  assert.ok(tookMs < 5_000 + control.slackMs(), `stopping takes ${tookMs} ms`)
  const again = await testPipeline({ url, home, database: first.database, handle: first.handle })
  assert.deepEqual(await again.differences(), [])
})

test("stopped again and again while changes stream, nothing is lost or doubled", async () => {
  const { url } = await testDatabase()
  await runSql(url, "CREATE TABLE log (n int)", "ALTER TABLE log REPLICA IDENTITY FULL")
  let pipeline = await testPipeline({ url })
  let isOver = false
  const client = await connected(url)
  const writing = (async () => {
    for (let n = 0; !isOver; n++) await client.query(`INSERT INTO log VALUES (${n})`)
  })()
  for (let stop = 0; stop < 6; stop++) {
    const { home, database, handle, reports } = pipeline
    await waitUntil(() => reports.batches > 3, { what: "batches" })
    await pipeline.stop()
    pipeline = await testPipeline({ url, home, database, handle })
  }
  isOver = true
  await writing
  await client.end()
  assert.deepEqual(await pipeline.differences(), [])
  assert.deepEqual(pipeline.reports.copied, [])
})
