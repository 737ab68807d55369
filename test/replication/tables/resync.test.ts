import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql, streamOf, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

async function idOf(pipeline: TestPipeline, table: string): Promise<string> {
  const [row] = await pipeline.home.read(
    `SELECT table_id FROM "${pipeline.database}".millrace.tables WHERE table_name = '${table}'`,
  )
  return row?.[0] ?? ""
}

function copies(pipeline: TestPipeline, table: string): number {
  return pipeline.reports.copied.filter((name) => name === `public.${table}`).length
}

test("a table is resynced on request while it is written to, and mends what was wrong in it", async () => {
  const database = await testDatabase()
  await runSql(
    database.url,
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 5000) i",
    "CREATE TABLE other (id int PRIMARY KEY)",
    "INSERT INTO other SELECT generate_series(1, 10)",
  )
  const pipeline = await testPipeline({ url: database.url })
  const live = `"${pipeline.database}".public.t`
  await pipeline.home.connection.run(
    `DELETE FROM ${live} WHERE id < 100; UPDATE ${live} SET v = 'wrong' WHERE id > 4900`,
  )
  assert.equal((await pipeline.differences()).length, 1)

  ;(await streamOf(pipeline)).resync([await idOf(pipeline, "t")])
  let at = 10_000
  await waitUntil(
    async () => {
      await runSql(
        database.url,
        `INSERT INTO t VALUES (${++at}, 'new')`,
        `UPDATE t SET v = 'changed' WHERE id % 500 = ${at % 500}`,
        `INSERT INTO other VALUES (${at})`,
      )
      const [row] = await pipeline.home.read(`SELECT count(*)::VARCHAR FROM ${live}`)
      assert.ok(Number(row?.[0]) > 4000, "readers find the table, whole")
      return copies(pipeline, "t") === 2
    },
    { what: "the resync" },
  )
  assert.deepEqual(await pipeline.differences(), [])
  assert.equal(copies(pipeline, "other"), 1, "its neighbour is left alone")
  assert.deepEqual(pipeline.reports.problems, [])
})

test("every table can be resynced at once, and again", async () => {
  const database = await testDatabase()
  await runSql(
    database.url,
    ...Array.from(
      { length: 5 },
      (_, i) => `CREATE TABLE t${i} AS SELECT g AS id FROM generate_series(1, 500) g`,
    ),
    ...Array.from({ length: 5 }, (_, i) => `ALTER TABLE t${i} ADD PRIMARY KEY (id)`),
  )
  const pipeline = await testPipeline({ url: database.url })
  const ids = await Promise.all(Array.from({ length: 5 }, (_, i) => idOf(pipeline, `t${i}`)))
  for (const round of [2, 3]) {
    pipeline.streaming()?.resync(ids)
    await runSql(database.url, `UPDATE t1 SET id = -id - ${round} * 10000`)
    await waitUntil(() => [0, 1, 2, 3, 4].every((i) => copies(pipeline, `t${i}`) === round), {
      what: "resyncs",
    })
    assert.deepEqual(await pipeline.differences(), [])
  }
})

test("a resync that a restart cuts off is taken up again by itself", async () => {
  const database = await testDatabase()
  await runSql(
    database.url,
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 50000) i",
  )
  const first = await testPipeline({ url: database.url })
  const live = `"${first.database}".public.t`
  await first.home.connection.run(`UPDATE ${live} SET v = 'wrong' WHERE id = 7`)
  ;(await streamOf(first)).resync([await idOf(first, "t")])
  await waitUntil(() => first.reports.failed.has("public.t"), {
    what: "the table to be let go of",
    intervalMs: 1,
  })
  await first.stop()
  const second = await testPipeline({
    url: database.url,
    home: first.home,
    database: first.database,
    handle: first.handle,
  })
  await waitUntil(() => copies(first, "t") + copies(second, "t") === 2, { what: "the resync" })
  assert.deepEqual(await second.differences(), [])
})
