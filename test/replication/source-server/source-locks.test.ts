/** What we do at a source keeps nobody waiting for longer than a second. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import pg from "pg"
import type { Snapshot, Source } from "../../../src/replication/contracts/source.ts"
import { readCatalog } from "../../../src/sources/postgres/catalog/catalog.ts"
import { publishWhole } from "../../../src/sources/postgres/publication/publication.ts"
import { controlAt } from "../../support/control.ts"
import { beginTestPipeline, runSql, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

/** So long may we keep others waiting. */
const limitMs = 1_000

async function connected(context: TestContext, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  context.after(() => client.end())
  return client
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const atMs = performance.now()
  await work()
  return performance.now() - atMs
}

/** Copies and comparisons of `t` wait after the first rows until told to go on. */
function held() {
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  let isHeld = true
  const around = (snapshot: Snapshot): Snapshot => ({
    ...snapshot,
    read: (table, chunk, rows, write, signal) =>
      snapshot.read(
        table,
        chunk,
        rows,
        async (full) => {
          if (table.name === "t" && isHeld) {
            begun.resolve()
            await gate.promise
          }
          return await write(full)
        },
        signal,
      ),
  })
  const source = (real: Source): Source => ({
    ...real,
    openSnapshot: async (...args) => around(await real.openSnapshot(...args)),
  })
  return {
    source,
    begun: begun.promise,
    release() {
      isHeld = false
      gate.resolve()
    },
  }
}

test("a table that is being copied is altered, and its readers wait behind nobody; it is copied afterwards, and its neighbour meanwhile", async (context) => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 260000) i",
    "CREATE TABLE neighbour (id int PRIMARY KEY)",
    "INSERT INTO neighbour VALUES (1)",
  )
  const hold = held()
  const pipeline = await beginTestPipeline({
    url,
    around: { source: hold.source, warehouse: (real) => real },
  })
  await hold.begun
  const control = await controlAt(context, url)
  const [altering, reading] = [await connected(context, url), await connected(context, url)]
  const altered = timed(() => altering.query("ALTER TABLE t ADD COLUMN w int DEFAULT 7"))
  await delay(50)
  const read = timed(() => reading.query("SELECT FROM t WHERE id = 1"))
  const [alteredMs, readMs] = [await altered, await read]
  hold.release()
  const allowedMs = limitMs + control.slackMs()
  assert.ok(alteredMs < allowedMs, `ALTER TABLE took ${alteredMs} ms of ${allowedMs} ms`)
  assert.ok(readMs < allowedMs, `SELECT took ${readMs} ms of ${allowedMs} ms`)
  context.diagnostic(
    `ALTER TABLE waited ${Math.round(alteredMs)} ms, SELECT behind it ${Math.round(readMs)} ms`,
  )
  await waitUntil(() => pipeline.reports.phases.at(-1) === "streaming", {
    what: "the stream",
    timeoutMs: 60_000,
  })
  await waitUntil(async () => (await pipeline.differences()).length === 0, {
    what: "equal rows",
    timeoutMs: 60_000,
  })
  assert.deepEqual(pipeline.reports.problems, [])
  await pipeline.stop()
})

test("a new table is published while its neighbour is locked for long: others wait behind neither", async (context) => {
  const { url } = await testDatabase()
  await runSql(url, "CREATE TABLE neighbour (id int PRIMARY KEY)", "INSERT INTO neighbour VALUES (1)")
  const pipeline = await testPipeline({ url })
  const [holder, other] = [await connected(context, url), await connected(context, url)]
  await holder.query("BEGIN")
  await runSql(url, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)")
  await holder.query("LOCK TABLE b IN SHARE MODE")
  const control = await controlAt(context, url)
  let longestMs = 0
  const isCopied = async () => {
    // What a SHARE UPDATE EXCLUSIVE lock, or the wait for one, keeps waiting: on `b` the holder lets it pass.
    for (const statement of [
      "ALTER TABLE a SET (fillfactor = 90)",
      "BEGIN; LOCK TABLE b IN SHARE MODE; COMMIT",
    ])
      longestMs = Math.max(longestMs, await timed(() => other.query(statement)))
    return pipeline.reports.copied.includes("public.a")
  }
  await waitUntil(isCopied, { what: "the table that is not locked", timeoutMs: 60_000 })
  await waitUntil(
    () =>
      pipeline.reports.problems.some(({ message }) =>
        /b cannot be published yet: it is locked.*waits for the transaction of process/.test(message),
      ),
    { what: "to be told of the lock" },
  )
  const allowedMs = limitMs + control.slackMs()
  assert.ok(longestMs < allowedMs, `waited ${longestMs} ms of ${allowedMs} ms`)
  context.diagnostic(`the longest wait was ${Math.round(longestMs)} ms`)
  await holder.query("COMMIT")
  await waitUntil(async () => (await pipeline.differences()).length === 0, {
    what: "equal rows",
    timeoutMs: 60_000,
  })
  await pipeline.stop()
})

test("another table stands in the place of the one that is to be published: it is not published without a key", async (context) => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE t (id int PRIMARY KEY, n int)",
    "CREATE TABLE t_new (id int, n int); INSERT INTO t_new VALUES (1, 0)",
    "CREATE TABLE neighbour (id int PRIMARY KEY)",
    "CREATE PUBLICATION ours",
  )
  const client = await connected(context, url)
  const { tables } = await readCatalog(client, () => true)
  await runSql(url, "ALTER TABLE t RENAME TO t_old; ALTER TABLE t_new RENAME TO t")
  await assert.rejects(publishWhole(client, "ours", tables), /public\.t was renamed or changed/)
  const lost = await readCatalog(client, () => true)
  await runSql(url, "ALTER TABLE t_old DROP CONSTRAINT t_pkey")
  await assert.rejects(publishWhole(client, "ours", lost.tables), /public\.t_old was renamed or changed/)
  await runSql(url, "UPDATE t SET n = 1; UPDATE t_old SET n = 1")
})
