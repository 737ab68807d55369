import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { debianServer, testDatabase } from "../../support/postgres.ts"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { type Random, randomFrom } from "../random.ts"
import { ownTypes } from "./composed-types.ts"
import {
  createStatements,
  edgeRows,
  editStatement,
  embedded,
  insertStatement,
  type RandomTable,
  randomTable,
  type Server,
  tableOfAllTypes,
} from "./random-tables.ts"

/** One transaction of edits on several tables; now and then it is undone. */
function transaction(random: Random, tables: RandomTable[]): string[] {
  const edits = Array.from({ length: 1 + random.below(6) }, () => editStatement(random, random.pick(tables)))
  return ["BEGIN", ...edits, random.chance(0.1) ? "ROLLBACK" : "COMMIT"]
}

/** The stream's copy against the source, then a second snapshot against it: so both are equal to one another too. */
async function assertBothWays(url: string, streamed: TestPipeline, message: string): Promise<void> {
  assert.deepEqual(await streamed.differences(), [], `by the stream, ${message}`)
  assert.deepEqual([...streamed.reports.failed], [])
  const copied = await testPipeline({ url, home: streamed.home })
  assert.deepEqual(await copied.differences(), [], `by the copy, ${message}`)
  await copied.stop()
}

async function everyType(url: string, server: Server): Promise<void> {
  const table = tableOfAllTypes("all_types", server)
  await runSql(url, ...ownTypes, ...createStatements(table))
  const pipeline = await testPipeline({ url })
  await runSql(url, ...edgeRows(table))
  await assertBothWays(url, pipeline, "after inserts")
  await runSql(url, "UPDATE all_types SET c0 = -c0")
  assert.deepEqual(await pipeline.differences(), [], "after all keys changed")
  await runSql(
    url,
    "ALTER TABLE all_types REPLICA IDENTITY FULL",
    "UPDATE all_types SET c0 = -c0 WHERE c0 < -2",
  )
  await runSql(url, "DELETE FROM all_types WHERE c0 IN (-1, 3)")
  assert.deepEqual(await pipeline.differences(), [], "with whole old rows")
}

test("every type and edge value, by copy and by stream", async () => {
  await everyType((await testDatabase()).url, embedded)
})

test("every type and edge value, by copy and by stream, from PostgreSQL 15 with xml", async (t) => {
  const { server, skip } = await debianServer({ wal_level: "logical" })
  if (skip !== undefined) return t.skip(skip)
  await everyType(server.url(), { version: 15, hasXml: true })
})

test(`random tables and edits`, async () => {
  const random = randomFrom(testSeed)
  const database = await testDatabase()
  const tables = Array.from({ length: 6 }, (_, index) => randomTable(random, `random${index}`))
  await runSql(database.url, ...ownTypes, ...tables.flatMap(createStatements))
  await runSql(database.url, ...tables.map((table) => insertStatement(random, table, 20)))
  const pipeline = await testPipeline({ url: database.url })
  for (let round = 0; round < 8; round++) {
    const statements = Array.from({ length: 12 }, () => transaction(random, tables)).flat()
    await runSql(database.url, ...statements)
    assert.deepEqual(await pipeline.differences(), [], `${shownSeed}, round ${round}`)
  }
  assert.ok(pipeline.reports.changes > 100, `only ${pipeline.reports.changes} changes`)
  await assertBothWays(database.url, pipeline, `${shownSeed}`)
})
