import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

/** Tables are looked at every few seconds. */
async function assertEqualSoon(pipeline: TestPipeline): Promise<void> {
  let last: string[] = []
  await waitUntil(
    async () => {
      last = await pipeline.differences()
      return last.length === 0
    },
    { what: "source and copy to be equal", timeoutMs: 60_000, intervalMs: 200 },
  ).catch((error) => {
    throw new Error(last.join("\n"), { cause: error })
  })
}

async function tablesHeld(pipeline: TestPipeline): Promise<string[]> {
  const found = await pipeline.home.read(
    `SELECT table_name FROM duckdb_tables() WHERE database_name = '${pipeline.database}' AND schema_name <> 'millrace' AND table_name NOT LIKE 'millrace%'`,
  )
  return found.map(([name]) => String(name)).sort()
}

test("tables that come, change, exchange names and go, under load", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    ...["a", "b", "gone", "changed", "busy"].flatMap((name) => [
      `CREATE TABLE ${name} (id int PRIMARY KEY, v text)`,
      `INSERT INTO ${name} SELECT i, '${name} ' || i FROM generate_series(1, 500) i`,
    ]),
  )
  const pipeline = await testPipeline({ url })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  let isOver = false
  const writing = (async () => {
    for (let n = 1000; !isOver; n++) {
      await client.query(
        `BEGIN; INSERT INTO busy VALUES (${n}, 'new'); UPDATE busy SET v = v || '.' WHERE id % 50 = ${n % 50}; DELETE FROM busy WHERE id = ${n - 300}; COMMIT`,
      )
    }
  })()
  await runSql(
    url,
    "BEGIN; ALTER TABLE a RENAME TO x; ALTER TABLE b RENAME TO a; ALTER TABLE x RENAME TO b; COMMIT",
    "DROP TABLE gone",
    "CREATE TABLE gone (other text PRIMARY KEY, n int)",
    "INSERT INTO gone VALUES ('made anew', 1)",
    "ALTER TABLE changed ADD COLUMN added int DEFAULT 7, ALTER v TYPE varchar(50)",
    "CREATE TABLE new_one (id int PRIMARY KEY)",
    "INSERT INTO new_one SELECT generate_series(1, 1000)",
    "UPDATE a SET v = 'was b' WHERE id < 10",
    "UPDATE changed SET added = id WHERE id % 2 = 0",
  )
  await waitUntil(() => pipeline.reports.copied.includes("public.new_one"), { what: "the new table" })
  await runSql(
    url,
    "DELETE FROM new_one WHERE id % 2 = 0",
    "UPDATE b SET v = 'was a' WHERE id > 490",
    "TRUNCATE gone",
  )
  isOver = true
  await writing
  await client.end()
  await assertEqualSoon(pipeline)
  await runSql(url, "DROP TABLE new_one", "DROP TABLE gone")
  await waitUntil(
    async () => !(await tablesHeld(pipeline)).some((name) => name === "new_one" || name === "gone"),
    {
      what: "dropped tables to go",
    },
  )
  assert.deepEqual(await tablesHeld(pipeline), ["a", "b", "busy", "changed"])
  await assertEqualSoon(pipeline)
  assert.deepEqual(pipeline.reports.problems, [])
})
