import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import type { Source } from "../../../src/replication/contracts/source.ts"
import { runSql, testPipeline } from "../../support/pipeline.ts"
import { testServer } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

const lookEveryMs = 1_000
/** Two waits between looks, and some. */
const windowMs = 2_200

test("the catalog of a source that stands still is not read, and a change after that is found", async (context) => {
  // A server of its own: what others write moves the log on.
  const server = await testServer({ autovacuum: false })
  context.after(() => server.remove())
  await runSql(server.url(), "CREATE DATABASE idle")
  const url = server.url("idle")
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY)")
  let looks = 0
  const source = (real: Source): Source => ({
    ...real,
    tables: (...args) => {
      looks++
      return real.tables(...args)
    },
  })
  const pipeline = await testPipeline({
    url,
    waits: { lookEveryMs },
    around: { source, warehouse: (real) => real },
  })
  await pipeline.settle()
  // The server itself still writes for a while after others have.
  const isQuiet = async () => {
    const before = looks
    await delay(windowMs)
    return looks === before
  }
  await waitUntil(isQuiet, { what: "no look in two times their interval", timeoutMs: 60_000, intervalMs: 0 })
  await runSql(
    url,
    "CREATE TABLE u AS SELECT 1 AS id; ALTER TABLE u ADD PRIMARY KEY (id); ALTER TABLE t ADD c int",
  )
  await waitUntil(async () => (await pipeline.differences()).length === 0, {
    what: "both changes",
    timeoutMs: 60_000,
    intervalMs: 100,
  })
  assert.deepEqual(pipeline.reports.problems, [])
  await pipeline.stop()
})
