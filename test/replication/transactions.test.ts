import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { beginTestPipeline, runSql, testPipeline } from "../support/pipeline.ts"
import { testDatabase, testServer } from "../support/postgres.ts"
import { waitUntil } from "../support/wait-until.ts"

test("two-phase commit: prepared before the slot and during the stream, committed and rolled back", async () => {
  const server = await testServer({ max_prepared_transactions: 5 })
  const url = server.url()
  await runSql(
    url,
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT i, 'x' FROM generate_series(1, 10) i",
  )
  await runSql(url, "BEGIN; INSERT INTO t VALUES (100, 'before'); PREPARE TRANSACTION 'undone'")
  const beginning = beginTestPipeline({ url })
  await runSql(url, "ROLLBACK PREPARED 'undone'")
  const pipeline = await beginning
  await waitUntil(() => pipeline.reports.phases.at(-1) === "streaming", { what: "the stream" })
  await runSql(
    url,
    "BEGIN; INSERT INTO t VALUES (200, 'two phases'); UPDATE t SET v = 'y' WHERE id = 1; PREPARE TRANSACTION 'a'",
  )
  await runSql(url, "BEGIN; DELETE FROM t WHERE id = 2; PREPARE TRANSACTION 'b'")
  await runSql(url, "INSERT INTO t VALUES (300, 'between')")
  assert.deepEqual(await pipeline.differences(), [], "nothing of what is only prepared")
  const { home, database, handle } = pipeline
  await pipeline.stop()
  await runSql(url, "COMMIT PREPARED 'a'", "ROLLBACK PREPARED 'b'")
  const again = await testPipeline({ url, home, database, handle })
  assert.deepEqual(await again.differences(), [])
  assert.deepEqual(again.reports.copied, [])
  await again.stop()
  await server.remove()
})

test("long transactions that overlap arrive in the order of their commits, each whole", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT i, 'x' FROM generate_series(1, 50) i",
  )
  const pipeline = await testPipeline({ url })
  const clients = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      await client.query("BEGIN")
      return client
    }),
  )
  for (let round = 0; round < 20; round++) {
    for (const [index, client] of clients.entries()) {
      const id = 1_000 * (index + 1) + round
      await client.query(
        `INSERT INTO t VALUES (${id}, 'round ${round}'); SAVEPOINT s; DELETE FROM t WHERE id = ${id}`,
      )
      await client.query(round % 3 === 0 ? "RELEASE s" : "ROLLBACK TO s")
      await client.query(`UPDATE t SET v = v || '.' WHERE id % 4 = ${index} AND id <= 50`)
    }
    if (round === 10) assert.deepEqual(await pipeline.differences(), [], "nothing of what is open")
  }
  const [first, second, third, fourth] = clients
  await third?.query("COMMIT")
  assert.deepEqual(await pipeline.differences(), [])
  await first?.query("ROLLBACK")
  await fourth?.query("COMMIT")
  await second?.query("COMMIT")
  assert.deepEqual(await pipeline.differences(), [])
  for (const client of clients) await client.end()
  await pipeline.stop()
})
