import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql, type TestPipeline, testPipeline } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { type Random, randomFrom } from "./random.ts"
import {
  createStatements,
  edgeRows,
  editStatement,
  insertStatement,
  ownTypes,
  type RandomTable,
  randomTable,
  tableOfAllTypes,
} from "./random-tables.ts"

const seedVariable = "MILLRACE_TEST_SEED"
const seed = Number(process.env[seedVariable] ?? Date.now() % 1_000_000)

/** One transaction of edits on several tables; now and then it is undone. */
function transaction(random: Random, tables: RandomTable[]): string[] {
  const edits = Array.from({ length: 1 + random.below(6) }, () => editStatement(random, random.pick(tables)))
  return ["BEGIN", ...edits, random.chance(0.1) ? "ROLLBACK" : "COMMIT"]
}

/** The stream's copy against the source, then a copy made anew against it: so both are equal to one another too. */
async function assertBothWays(url: string, streamed: TestPipeline, message: string): Promise<void> {
  assert.deepEqual(await streamed.differences(), [], `by the stream, ${message}`)
  assert.deepEqual([...streamed.reports.failed], [])
  const copied = await testPipeline({ url, home: streamed.home })
  assert.deepEqual(await copied.differences(), [], `by the copy, ${message}`)
  await copied.stop()
}

test("every type and edge value, by copy and by stream", async () => {
  const database = await testDatabase()
  const table = tableOfAllTypes("all_types")
  await runSql(database.url, ...ownTypes, ...createStatements(table))
  const pipeline = await testPipeline({ url: database.url })
  await runSql(database.url, ...edgeRows(table))
  await assertBothWays(database.url, pipeline, "after inserts")
  await runSql(database.url, "UPDATE all_types SET c0 = -c0")
  assert.deepEqual(await pipeline.differences(), [], "after all keys changed")
})

test(`random tables and edits, ${seedVariable}=${seed}`, async () => {
  const random = randomFrom(seed)
  const database = await testDatabase()
  const tables = Array.from({ length: 6 }, (_, index) => randomTable(random, `random${index}`))
  await runSql(database.url, ...ownTypes, ...tables.flatMap(createStatements))
  await runSql(database.url, ...tables.map((table) => insertStatement(random, table, 20)))
  const pipeline = await testPipeline({ url: database.url })
  for (let round = 0; round < 8; round++) {
    const statements = Array.from({ length: 12 }, () => transaction(random, tables)).flat()
    await runSql(database.url, ...statements)
    assert.deepEqual(await pipeline.differences(), [], `${seedVariable}=${seed}, round ${round}`)
  }
  assert.ok(pipeline.reports.changes > 100, `only ${pipeline.reports.changes} changes`)
  await assertBothWays(database.url, pipeline, `${seedVariable}=${seed}`)
})
