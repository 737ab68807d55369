import assert from "node:assert/strict"
import { test } from "node:test"
import { Problem } from "../../../src/domain/problems.ts"
import type { Warehouse } from "../../../src/replication/contracts/warehouse.ts"
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
  await pipeline.home.read(
    `DELETE FROM ${live} WHERE id < 100; UPDATE ${live} SET v = 'wrong' WHERE id > 4900`,
  )
  assert.equal((await pipeline.differences()).length, 1)

  await (await streamOf(pipeline)).resync([await idOf(pipeline, "t")])
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
    await (await streamOf(pipeline)).resync(ids)
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
  await first.home.read(`UPDATE ${live} SET v = 'wrong' WHERE id = 7`)
  await (await streamOf(first)).resync([await idOf(first, "t")])
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

/** A warehouse that fails the first batch that records a stale table, before or after it has recorded it. */
function failingOnce(real: Warehouse, failsWhen: "before" | "after"): Warehouse {
  let hasFailed = false
  const fail = () => {
    hasFailed = true
    throw new Problem("warehouseUnavailable", "It failed (as scripted).")
  }
  return {
    ...real,
    async open(options) {
      const destination = await real.open(options)
      const apply: typeof destination.rows.apply = async (batch) => {
        const fails = batch.stale.length > 0 && !hasFailed
        if (fails && failsWhen === "before") fail()
        await destination.rows.apply(batch)
        if (fails) fail()
      }
      return { ...destination, rows: { ...destination.rows, apply } }
    },
  }
}

for (const failsWhen of ["before", "after"] as const)
  test(`a resync is not lost when the stream ends ${failsWhen} the warehouse has recorded it`, async () => {
    const database = await testDatabase()
    await runSql(
      database.url,
      "CREATE TABLE t (id int PRIMARY KEY, v text)",
      "INSERT INTO t VALUES (1, 'right')",
    )
    const warehouse = (real: Warehouse) => failingOnce(real, failsWhen)
    const pipeline = await testPipeline({ url: database.url, around: { source: (real) => real, warehouse } })
    await pipeline.home.read(`UPDATE "${pipeline.database}".public.t SET v = 'wrong'`)
    const recorded = (await streamOf(pipeline)).resync([await idOf(pipeline, "t")])
    await waitUntil(() => copies(pipeline, "t") === 2, { what: "the resync" })
    assert.equal(await recorded, true)
    assert.match(pipeline.reports.problems[0]?.message ?? "", /as scripted/)
    assert.deepEqual(await pipeline.differences(), [])
  })

test("who asked for a resync is told when the pipeline stops before it is recorded", async () => {
  const database = await testDatabase()
  await runSql(database.url, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
  const pipeline = await testPipeline({ url: database.url })
  const stream = await streamOf(pipeline)
  const id = await idOf(pipeline, "t")
  await pipeline.stop()
  assert.equal(await stream.resync([id]), false)
})
