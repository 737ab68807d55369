import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql, testPipeline, testWarehouse } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { waitUntil } from "../support/wait-until.ts"
import { largeValues } from "./large-values.ts"

test("values of 12 MB", () => largeValues(12, 2))

test("rows that the engine's memory cannot hold together keep their table out, with what to do, and no other", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE small (id int PRIMARY KEY)",
    "INSERT INTO small VALUES (1)",
    "CREATE TABLE large (id int PRIMARY KEY, t text)",
    "ALTER TABLE large ALTER t SET STORAGE EXTERNAL",
    "INSERT INTO large SELECT i, repeat('abcdefgh', 3000000) FROM generate_series(1, 6) i",
  )
  const home = await testWarehouse(undefined, 128 * 2 ** 20)
  const pipeline = await testPipeline({ url, home })
  assert.match(
    pipeline.reports.failed.get("public.large") ?? "",
    /too large .* 96 MB in 4 of them.* 134 MB .*more memory, or leave the table out/,
  )
  await runSql(url, "INSERT INTO small VALUES (2)")
  assert.deepEqual(await pipeline.differences(["small"]), [])
  assert.deepEqual(pipeline.reports.problems, [])
})

test("rows in the stream that the engine's memory cannot hold: the problem says what to do", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE large (id int PRIMARY KEY, t text)",
    "ALTER TABLE large ALTER t SET STORAGE EXTERNAL",
  )
  const pipeline = await testPipeline({ url, home: await testWarehouse(undefined, 128 * 2 ** 20) })
  await runSql(url, "INSERT INTO large SELECT i, repeat('abcdefgh', 3000000) FROM generate_series(1, 6) i")
  const problem = await waitUntil(() => pipeline.reports.problems[0], { what: "the problem to be said" })
  assert.match(problem.message, /too little memory.* run Millrace on a machine with more/)
  await pipeline.stop()
})
