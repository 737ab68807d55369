/** The guard's look reads every partition of a published table: it stays quick enough for the application with thousands. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { controlAt } from "../../support/control.ts"
import { startHammer } from "../../support/hammer.ts"
import { runSql, testPipeline } from "../../support/pipeline.ts"
import { testServer } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

const partitions = 4_000
const limitMs = 1_000

test(`${partitions} partitions are published, and a key is lost: updates fail for a second at most`, async (context) => {
  const server = await testServer({ max_locks_per_transaction: 512, autovacuum: false })
  context.after(() => server.remove())
  const url = server.url("postgres")
  await runSql(
    url,
    "CREATE TABLE k (id int PRIMARY KEY, n int)",
    "INSERT INTO k SELECT i, 0 FROM generate_series(0, 200) i",
    "CREATE TABLE parts (id int PRIMARY KEY, n int) PARTITION BY RANGE (id)",
    `DO $$ BEGIN FOR i IN 0..${partitions - 1} LOOP
      EXECUTE format('CREATE TABLE p%s PARTITION OF parts FOR VALUES FROM (%s) TO (%s)', i, i * 10, i * 10 + 10);
      COMMIT; END LOOP; END $$`,
    `INSERT INTO parts SELECT i * 10, 0 FROM generate_series(0, ${partitions - 1}) i`,
  )
  const pipeline = await testPipeline({ url })
  assert.deepEqual(await pipeline.differences(), [])
  let withdrawn = 0
  const protection = openPostgresSource({ url, database: "postgres" }).protect?.({
    handles: () => [pipeline.handle],
    onWithdrawn: (_, tables) => {
      withdrawn += tables.length
    },
    onPartsChanged: () => undefined,
    onProblem: () => undefined,
  })
  context.after(() => protection?.stop())
  const control = await controlAt(context, url)
  const hammer = await startHammer(context, url, ["k"], 500)
  await waitUntil(() => hammer.successes("k", 0) > 20, { what: "some writes" })
  await runSql(url, "ALTER TABLE k DROP CONSTRAINT k_pkey")
  const lostAtMs = performance.now()
  const allowedMs = () => limitMs + control.slackMs()
  await waitUntil(() => hammer.successes("k", lostAtMs + allowedMs()) > 100, {
    what: "more writes",
    timeoutMs: 60_000,
  })
  await hammer.stop()
  context.diagnostic(`the last statement failed after ${Math.round(hammer.lastFailureMs("k") - lostAtMs)} ms`)
  assert.deepEqual(hammer.failures("k", lostAtMs + allowedMs()), [])
  assert.equal(withdrawn, 1)
  await pipeline.stop()
})
