import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { beginTestPipeline, runSql } from "../../support/pipeline.ts"
import { testDatabase, testServer } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

test("a first copy that has to wait for open transactions names them, and begins when they end", async () => {
  // On a server of its own: a slot waits for the transactions of every database.
  const server = await testServer({ max_prepared_transactions: 5 })
  const url = server.url()
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
  const other = new pg.Client({ connectionString: url, application_name: "nightly report" })
  await other.connect()
  await other.query("BEGIN; INSERT INTO t VALUES (2)")
  const pipeline = await beginTestPipeline({ url })
  const { reports } = pipeline
  const told = async (pattern: RegExp) =>
    await waitUntil(() => reports.slotWaits.some(({ message }) => pattern.test(message)), {
      what: `to be told ${pattern}`,
    })
  await told(/waits for the transaction of process \d+ \(nightly report, role postgres\), open for \d+ s/)
  assert.equal(reports.slotWaits[0]?.kind, "sourceBusy")
  assert.ok(!reports.phases.includes("waiting"), "it is not begun anew meanwhile")
  await other.query("PREPARE TRANSACTION 'half done'")
  await told(/waits for a prepared transaction, open for \d+ s \(pg_prepared_xacts\)/)
  await other.query("COMMIT PREPARED 'half done'")
  await waitUntil(() => reports.phases.at(-1) === "streaming", { what: "the stream" })
  assert.deepEqual(await pipeline.differences(), [])
  await pipeline.stop()
  await other.end()
  await server.remove()
})

test("a table that somebody has locked keeps nobody waiting for ever", async () => {
  const { url } = await testDatabase()
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
  const other = new pg.Client({ connectionString: url })
  await other.connect()
  await other.query("BEGIN; LOCK TABLE t IN EXCLUSIVE MODE")
  const pipeline = await beginTestPipeline({ url })
  await waitUntil(() => pipeline.reports.problems.some(({ kind }) => kind === "sourceBusy"), {
    what: "to be told of the lock",
  })
  await other.query("COMMIT")
  await waitUntil(() => pipeline.reports.phases.at(-1) === "streaming", { what: "the stream" })
  await waitUntil(async () => (await pipeline.differences()).length === 0, {
    what: "the table",
    timeoutMs: 60_000,
  })
  await pipeline.stop()
  await other.end()
})
