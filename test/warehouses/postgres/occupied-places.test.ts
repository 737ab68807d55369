/** A table that comes, or is renamed at the source, where a user of the warehouse has a table. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { startPair } from "./pipeline-pair.ts"

test("a rename at the source onto a user's own table fails that table alone, until the user's is gone", async () => {
  const source = await testDatabase()
  await runSql(
    source.url,
    "CREATE TABLE renamed (id int PRIMARY KEY, v text); INSERT INTO renamed VALUES (1, 'a')",
    "CREATE TABLE neighbour (id int PRIMARY KEY, v text)",
  )
  const pair = await startPair(source.url)
  await pair.there.query("CREATE TABLE taken AS SELECT 'precious' AS v")
  await runSql(
    source.url,
    "ALTER TABLE renamed RENAME TO taken; INSERT INTO taken VALUES (2, 'b'); INSERT INTO neighbour VALUES (1, 'n')",
  )
  const reasons = () => [...pair.reports.failed.values()].join()
  await waitUntil(() => /Millrace did not make/.test(reasons()), {
    what: "the table to fail",
    timeoutMs: 60_000,
  })
  assert.deepEqual(await pair.differences(["neighbour"]), [])
  const { rows } = await pair.there.query("SELECT v FROM taken")
  assert.deepEqual(rows, [{ v: "precious" }])
  await pair.there.query("DROP TABLE taken")
  await waitUntil(async () => (await pair.differences(["taken"]).catch(() => ["missing"])).length === 0, {
    what: "the table to come",
    timeoutMs: 120_000,
  })
})
