/** Two installations of Millrace on one source database: neither disturbs what the other has there. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

/** Each guard knows of its own pipeline only, as in a process of its own. */
function guarded(context: TestContext, url: string, pipeline: TestPipeline): string[] {
  const withdrawn: string[] = []
  const source = openPostgresSource({ url, database: new URL(url).pathname.slice(1) })
  const protection = source.protect?.({
    handles: () => [pipeline.handle],
    onWithdrawn: (handle, tables) => {
      assert.equal(handle, pipeline.handle)
      withdrawn.push(...tables.map(({ name }) => name))
      pipeline.streaming()?.settingsChanged()
    },
    onPartsChanged: () => undefined,
    onProblem: () => undefined,
  })
  context.after(() => protection?.stop())
  return withdrawn
}

const becomesEqual = (pipeline: TestPipeline) =>
  waitUntil(async () => (await pipeline.differences()).length === 0, {
    what: "equal rows",
    timeoutMs: 60_000,
  })

test("two installations on one database: a lost key, new tables, and one that ends", async (context) => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE k (id int PRIMARY KEY, n int)",
    "INSERT INTO k SELECT i, 0 FROM generate_series(1, 100) i",
    "CREATE TABLE neighbour (id int PRIMARY KEY)",
  )
  const one = await testPipeline({ url })
  const other = await testPipeline({ url })
  const guards = [guarded(context, url, one), guarded(context, url, other)]
  await runSql(url, "ALTER TABLE k DROP CONSTRAINT k_pkey")
  await waitUntil(() => guards.every((withdrawn) => withdrawn.includes("k")), {
    what: "both to take the table out",
    timeoutMs: 60_000,
  })
  await runSql(url, "UPDATE k SET n = 1", "ALTER TABLE k ADD PRIMARY KEY (id)", "UPDATE k SET n = 2")
  await runSql(url, "CREATE TABLE later (id int PRIMARY KEY)", "INSERT INTO later VALUES (1)")
  for (const pipeline of [one, other]) await becomesEqual(pipeline)
  await other.stop()
  await openPostgresSource({ url, database: new URL(url).pathname.slice(1) }).remove(other.handle)
  await runSql(url, "UPDATE k SET n = 3", "INSERT INTO later VALUES (2)")
  assert.deepEqual(await one.differences(), [])
  assert.deepEqual(
    [...one.reports.problems, ...other.reports.problems].map(({ message }) => message),
    [],
  )
  assert.deepEqual(
    guards.map((withdrawn) => withdrawn.filter((name) => name !== "k")),
    [[], []],
  )
  await one.stop()
})
