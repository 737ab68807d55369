/** PostgreSQL into PostgreSQL: every type by copy and by stream, and random tables under random edits. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { randomFrom } from "../../replication/random.ts"
import { ownTypes } from "../../replication/values/composed-types.ts"
import {
  createStatements,
  edgeRows,
  editStatement,
  embedded,
  insertStatement,
  randomTable,
  tableOfAllTypes,
} from "../../replication/values/random-tables.ts"
import { runSql } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { startPair } from "./pipeline-pair.ts"

test("every type and edge value, by copy and by stream", async () => {
  const { url } = await testDatabase()
  const table = tableOfAllTypes("all_types", embedded)
  await runSql(url, ...ownTypes, ...createStatements(table))
  const streamed = await startPair(url)
  await runSql(url, ...edgeRows(table))
  assert.deepEqual(await streamed.differences(["all_types"]), [], "by the stream")
  await runSql(url, "UPDATE all_types SET c0 = -c0", "ALTER TABLE all_types REPLICA IDENTITY FULL")
  await runSql(
    url,
    "UPDATE all_types SET c0 = -c0 WHERE c0 < -2",
    "DELETE FROM all_types WHERE c0 IN (-1, 3)",
  )
  assert.deepEqual(await streamed.differences(["all_types"]), [], "after keys changed, with whole old rows")
  assert.deepEqual([...streamed.reports.failed], [])
  const copied = await startPair(url)
  assert.deepEqual(await copied.differences(["all_types"]), [], "by the copy")
  assert.deepEqual([...copied.reports.failed], [])
})

test("random tables and edits, all merged that can be", async () => {
  const random = randomFrom(testSeed)
  const { url } = await testDatabase()
  const tables = Array.from({ length: 4 }, (_, index) => randomTable(random, `random${index}`))
  await runSql(url, ...ownTypes, ...tables.flatMap(createStatements))
  await runSql(url, ...tables.map((table) => insertStatement(random, table, 20)))
  const pair = await startPair(url, { leastMerged: 1 })
  const names = tables.map(({ name }) => name)
  for (let round = 0; round < 5; round++) {
    const statements = Array.from({ length: 12 }, () => [
      "BEGIN",
      ...Array.from({ length: 1 + random.below(6) }, () => editStatement(random, random.pick(tables))),
      random.chance(0.1) ? "ROLLBACK" : "COMMIT",
    ])
    await runSql(url, ...statements.flat())
    assert.deepEqual(await pair.differences(names), [], `${shownSeed}, round ${round}`)
  }
  assert.deepEqual([...pair.reports.failed], [])
  assert.ok(pair.reports.changes > 60, `only ${pair.reports.changes} changes`)
})
