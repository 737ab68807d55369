import assert from "node:assert/strict"
import { test } from "node:test"
import type { StreamingPipeline } from "../../src/replication/streaming.ts"
import { runSql, type TestPipeline, testPipeline } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"

function streaming(pipeline: TestPipeline): StreamingPipeline {
  const now = pipeline.streaming()
  assert.ok(now, "the pipeline does not stream")
  return now
}

async function countOf(pipeline: TestPipeline, table: string): Promise<number> {
  const [row] = await pipeline.home.read(
    `SELECT count(*)::VARCHAR FROM "${pipeline.database}".public.${table}`,
  )
  return Number(row?.[0])
}

test("a reader that waits for the source's position finds what was committed before", async () => {
  const database = await testDatabase()
  await runSql(database.url, "CREATE TABLE t (id int PRIMARY KEY)")
  const pipeline = await testPipeline({ url: database.url })
  for (let round = 1; round <= 20; round++) {
    await runSql(database.url, `INSERT INTO t SELECT ${round} * 1000 + i FROM generate_series(1, 100) i`)
    const target = await streaming(pipeline).currentPosition()
    assert.equal(await streaming(pipeline).reached(target, 10_000), true)
    assert.equal(await countOf(pipeline, "t"), round * 100)
  }
})

test("waiting on an idle source ends though nothing comes for us", async () => {
  const database = await testDatabase()
  await runSql(database.url, "CREATE TABLE t (id int PRIMARY KEY)")
  const pipeline = await testPipeline({ url: database.url, select: (table) => table.name === "t" })
  await runSql(database.url, "CREATE UNLOGGED TABLE elsewhere AS SELECT 1 AS one")
  const target = await streaming(pipeline).currentPosition()
  assert.equal(await streaming(pipeline).reached(target, 10_000), true)
})

test("a position that is not there yet is not claimed to be reached", async () => {
  const database = await testDatabase()
  const pipeline = await testPipeline({ url: database.url })
  const far = streaming(pipeline).parsePosition("FFFFFFFF/0")
  assert.ok(far)
  assert.equal(await streaming(pipeline).reached(far, 200), false)
})

test("what is no position is told from one", async () => {
  const database = await testDatabase()
  const pipeline = await testPipeline({ url: database.url })
  assert.equal(streaming(pipeline).parsePosition("0/ABC"), "0/ABC")
  for (const text of ["", "12", "x/1", "1/2/3", "123456789/0"])
    assert.equal(streaming(pipeline).parsePosition(text), undefined, text)
})
