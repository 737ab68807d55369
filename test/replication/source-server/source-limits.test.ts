/** What a PostgreSQL server has only so many of: each is named with what to do, and goes on by itself when there is one. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { closeQuietly, connect, connectForReplication } from "../../../src/sources/postgres/client.ts"
import { beginTestPipeline, runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testServer } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

async function meets(pipeline: TestPipeline, message: RegExp): Promise<void> {
  const { problems } = pipeline.reports
  await waitUntil(() => problems.some((one) => message.test(one.message)), {
    what: `a problem like ${message}`,
    timeoutMs: 60_000,
  }).catch((error: Error) => {
    throw new Error(`${error.message}; met: ${problems.map((one) => one.message).join("; ")}`)
  })
  assert.deepEqual([...new Set(problems.map(({ kind }) => kind))], ["sourceSettings"])
}

test("all WAL senders taken", async () => {
  const server = await testServer({ max_wal_senders: 2 })
  const url = server.url("postgres")
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
  const address = { url, database: "postgres" }
  const others = [await connectForReplication(address), await connectForReplication(address)]
  const pipeline = await beginTestPipeline({ url })
  await meets(pipeline, /All 2 WAL senders are taken.*ALTER SYSTEM SET max_wal_senders/)
  await assert.rejects(connectForReplication(address), {
    kind: "sourceSettings",
    message: /All of its WAL senders are taken: ALTER SYSTEM SET max_wal_senders/,
  })
  for (const other of others) await closeQuietly(other)
  await waitUntil(() => pipeline.streaming() !== undefined, { what: "the stream", timeoutMs: 60_000 })
  assert.deepEqual(await pipeline.differences(), [])
  await pipeline.stop()
})

test("all replication slots taken, before the first copy and before a copy beside the stream", async () => {
  const server = await testServer({ max_replication_slots: 2 })
  const url = server.url("postgres")
  const take = (name: string) =>
    runSql(url, `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`)
  const leave = (name: string) => runSql(url, `SELECT pg_drop_replication_slot('${name}')`)
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
  await take("a")
  await take("b")
  const pipeline = await beginTestPipeline({ url })
  await meets(pipeline, /All 2 replication slots are taken.*max_replication_slots/)
  await leave("b")
  await waitUntil(() => pipeline.streaming() !== undefined, { what: "the stream", timeoutMs: 60_000 })
  pipeline.reports.problems.length = 0
  await runSql(url, "CREATE TABLE later (id int PRIMARY KEY)", "INSERT INTO later VALUES (1)")
  await meets(pipeline, /replication slots are in use.*max_replication_slots/)
  await runSql(url, "INSERT INTO t VALUES (2)")
  assert.deepEqual(await pipeline.differences(["public.t"]), [])
  await leave("a")
  await waitUntil(() => pipeline.reports.copied.includes("public.later"), {
    what: "the new table",
    timeoutMs: 60_000,
  })
  assert.deepEqual(await pipeline.differences(), [])
  await pipeline.stop()
})

test("all connections of the database taken", async () => {
  const server = await testServer()
  const admin = server.url("postgres")
  await runSql(
    admin,
    "CREATE ROLE app SUPERUSER LOGIN PASSWORD 'pw'",
    "CREATE DATABASE few CONNECTION LIMIT 0",
  )
  await runSql(server.url("few"), "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
  await runSql(admin, "ALTER ROLE app NOSUPERUSER REPLICATION", "ALTER DATABASE few OWNER TO app")
  await runSql(server.url("few"), "ALTER TABLE t OWNER TO app")
  const url = new URL(server.url("few"))
  url.username = "app"
  url.password = "pw"
  await assert.rejects(connect({ url: url.href, database: "few" }), /CONNECTION LIMIT -1/)
  await runSql(admin, "ALTER DATABASE few CONNECTION LIMIT -1")
  const pipeline = await testPipeline({ url: url.href, select: ({ name }) => name === "t" })
  assert.deepEqual(await pipeline.differences(), [])
  await pipeline.stop()
})
