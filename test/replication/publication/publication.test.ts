/** What people do to publication and slot by hand while rows stream, and while nobody looks. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

const missed = "INSERT INTO t SELECT i, 'missed' FROM generate_series(1000, 1100) i"

/** Statements; `$p` is the publication. */
const alterations: { name: string; statements: string[]; reason: RegExp; all?: boolean }[] = [
  {
    name: "a table taken out",
    statements: ["ALTER PUBLICATION $p DROP TABLE t", missed],
    reason: /taken out of the publication/,
  },
  {
    name: "a table taken out and put back",
    statements: [`ALTER PUBLICATION $p DROP TABLE t; ${missed}; ALTER PUBLICATION $p ADD TABLE t`],
    reason: /entry in the publication .* altered/,
  },
  {
    name: "a row filter",
    statements: [
      "ALTER PUBLICATION $p DROP TABLE t; ALTER PUBLICATION $p ADD TABLE t WHERE (id < 1000)",
      missed,
    ],
    reason: /entry in the publication .* altered/,
  },
  {
    name: "a column list",
    statements: ["ALTER PUBLICATION $p DROP TABLE t; ALTER PUBLICATION $p ADD TABLE t (id)", missed],
    reason: /entry in the publication .* altered|columns/,
  },
  {
    name: "inserts no longer published",
    statements: ["ALTER PUBLICATION $p SET (publish = 'update, delete')", missed],
    reason: /publication at the source was altered/,
    all: true,
  },
  {
    name: "inserts not published for a while",
    statements: [
      `ALTER PUBLICATION $p SET (publish = 'update'); ${missed}; ALTER PUBLICATION $p SET (publish = 'insert, update, delete, truncate')`,
    ],
    reason: /publication at the source was altered/,
    all: true,
  },
]

async function prepared(): Promise<string> {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT i, 'row' FROM generate_series(1, 100) i",
    "CREATE TABLE neighbour (id int PRIMARY KEY)",
    "INSERT INTO neighbour VALUES (1)",
  )
  return url
}

const copies = (pipeline: TestPipeline, table: string) =>
  pipeline.reports.copied.filter((name) => name === `public.${table}`).length

async function alter(url: string, pipeline: TestPipeline, statements: string[]): Promise<void> {
  await runSql(url, ...statements.map((statement) => statement.replaceAll("$p", `"${pipeline.handle}"`)))
}

/** Resynced, equal, and streaming again. */
async function assertMended(pipeline: TestPipeline, url: string): Promise<void> {
  await waitUntil(() => copies(pipeline, "t") > 0, { what: "the resync" })
  await runSql(url, "UPDATE t SET v = 'since' WHERE id % 2 = 0", "INSERT INTO t VALUES (5000, 'since')")
  assert.deepEqual(await pipeline.differences(), [])
}

describe("a publication altered by hand", { concurrency: 4 }, () => {
  for (const { name, statements, reason, all } of alterations) {
    test(`${name}, while rows stream`, async () => {
      const url = await prepared()
      const pipeline = await testPipeline({ url })
      await pipeline.settle()
      pipeline.reports.copied.length = 0
      await alter(url, pipeline, statements)
      await assertMended(pipeline, url)
      assert.match(pipeline.reports.failed.get("public.t") ?? "", reason)
      assert.equal(copies(pipeline, "t"), 1)
      assert.equal(copies(pipeline, "neighbour"), all === true ? 1 : 0)
      await pipeline.stop()
    })

    test(`${name}, while nobody looks`, async () => {
      const url = await prepared()
      const first = await testPipeline({ url })
      await first.settle()
      await first.stop()
      await alter(url, first, statements)
      const { home, database, handle } = first
      const again = await testPipeline({ url, home, database, handle })
      await assertMended(again, url)
      assert.equal(copies(again, "t"), 1)
      await again.stop()
    })
  }

  test("a new table beside them, and a restart: nothing is copied twice", async () => {
    const url = await prepared()
    const first = await testPipeline({ url })
    await runSql(url, "CREATE TABLE later (id int PRIMARY KEY)", "INSERT INTO later VALUES (1)")
    await waitUntil(() => copies(first, "later") === 1, { what: "the new table" })
    assert.deepEqual(await first.differences(), [])
    await first.stop()
    const { home, database, handle } = first
    const again = await testPipeline({ url, home, database, handle })
    assert.deepEqual(await again.differences(), [])
    assert.deepEqual([again.reports.copied, copies(first, "t")], [[], 1])
    await again.stop()
  })

  test("the publication dropped while nothing is written: noticed all the same", async () => {
    const url = await prepared()
    const pipeline = await testPipeline({ url })
    await pipeline.settle()
    await alter(url, pipeline, ["DROP PUBLICATION $p"])
    const { problems } = pipeline.reports
    await waitUntil(() => problems.some(({ kind }) => kind === "sourceHistoryLost"), { what: "the loss" })
    await waitUntil(() => copies(pipeline, "t") === 2, { what: "the resync" })
    await waitUntil(() => pipeline.reports.phases.at(-1) === "streaming", { what: "the stream" })
    assert.deepEqual(await pipeline.differences(), [])
    await pipeline.stop()
  })
})
