import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { runSql, testPipeline } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { waitUntil } from "../support/wait-until.ts"

/** How the slot's connection asked for rows; `undefined`: there is none. */
async function formOf(url: string, handle: string): Promise<"binary" | "text" | undefined> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ query: string }>(
    "SELECT query FROM pg_stat_activity JOIN pg_replication_slots ON active_pid = pid WHERE slot_name = $1",
    [handle],
  )
  await client.end()
  const [found] = rows
  return found && (/binary 'true'/.test(found.query) ? "binary" : "text")
}

test("rows come in binary until a value comes that only text tells, in the middle of a transaction too", async (context) => {
  const database = await testDatabase()
  context.after(() => database.drop())
  await runSql(
    database.url,
    "CREATE TABLE a (id int PRIMARY KEY, at timestamptz, n numeric(12,2))",
    "CREATE TABLE b (id int PRIMARY KEY)",
    "INSERT INTO a SELECT i, now(), i FROM generate_series(1, 100) i",
  )
  const pipeline = await testPipeline({ url: database.url })
  await runSql(
    database.url,
    "UPDATE a SET n = -n / 3, at = '0044-03-15 BC' WHERE id < 50",
    "INSERT INTO b VALUES (1)",
  )
  assert.deepEqual(await pipeline.differences(), [])
  assert.equal(await formOf(database.url, pipeline.handle), "binary")
  await runSql(
    database.url,
    `BEGIN; DELETE FROM a WHERE id = 1; UPDATE a SET n = 7 WHERE id = 2; ALTER TABLE b ADD COLUMN tags text[];
     INSERT INTO b VALUES (2, '{x,"y, z"}'); UPDATE a SET id = 1000 WHERE id = 3; COMMIT`,
    "UPDATE b SET tags = '{}' WHERE id = 1",
  )
  assert.deepEqual(await pipeline.differences(), [])
  await waitUntil(async () => (await formOf(database.url, pipeline.handle)) !== undefined, {
    what: "the stream to be open",
  })
  assert.equal(await formOf(database.url, pipeline.handle), "text")
  assert.deepEqual(pipeline.reports.problems, [])
  assert.equal(pipeline.reports.copied.filter((name) => name === "public.a").length, 1)
})

test("nothing that comes behind a value that ends the stream is applied without it", async (context) => {
  const database = await testDatabase()
  context.after(() => database.drop())
  await runSql(database.url, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)")
  const pipeline = await testPipeline({ url: database.url })
  await runSql(database.url, "ALTER TABLE b ADD COLUMN tags text[]", "INSERT INTO b VALUES (1, NULL)")
  await pipeline.settle()
  assert.equal(await formOf(database.url, pipeline.handle), "binary")
  const release = await holdStream(database.url)
  // The server sends each by itself; they are read only when the stream is no longer held.
  await runSentOneByOne(database.url, pipeline.handle, [
    "INSERT INTO b VALUES (2, '{x}')",
    ...Array.from({ length: 10 }, (_, i) => `INSERT INTO a VALUES (${i})`),
    "UPDATE b SET tags = '{}' WHERE id = 1",
    "INSERT INTO b VALUES (3, NULL)",
  ])
  await release()
  assert.deepEqual(await pipeline.differences(["public.a", "public.b"]), [])
  assert.equal(await formOf(database.url, pipeline.handle), "text")
  assert.deepEqual(pipeline.reports.problems, [])
})

/** A new table has a copy made, for which the stream stands still until all open transactions have ended. */
async function holdStream(url: string): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  await holder.query("BEGIN; SELECT pg_current_xact_id()")
  await runSql(url, "CREATE TABLE c (id int PRIMARY KEY)")
  await waitUntil(
    async () => {
      const { rows } = await holder.query(
        "SELECT FROM pg_replication_slots WHERE temporary AND database = current_database()",
      )
      return rows.length > 0
    },
    { what: "a snapshot of the new table to be waited for" },
  )
  return () => holder.query("COMMIT").then(() => holder.end())
}

async function runSentOneByOne(url: string, handle: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const statement of statements) {
    await client.query(statement)
    const { rows } = await client.query<{ lsn: string }>("SELECT pg_current_wal_insert_lsn()::text AS lsn")
    await waitUntil(
      async () => {
        const sent = await client.query(
          "SELECT FROM pg_stat_replication r JOIN pg_replication_slots s ON s.active_pid = r.pid WHERE s.slot_name = $1 AND sent_lsn >= $2",
          [handle, rows[0]?.lsn],
        )
        return sent.rows.length > 0
      },
      { what: "the server to send a transaction", intervalMs: 5 },
    )
  }
  await client.end()
}

test("with a column that only text tells in one table, all come as text from the start", async (context) => {
  const database = await testDatabase()
  context.after(() => database.drop())
  await runSql(
    database.url,
    "CREATE TABLE a (id int PRIMARY KEY, at timestamptz)",
    "CREATE TABLE b (id int PRIMARY KEY, span interval)",
  )
  const pipeline = await testPipeline({ url: database.url })
  assert.equal(await formOf(database.url, pipeline.handle), "text")
  await runSql(database.url, "INSERT INTO a VALUES (1, now())", "INSERT INTO b VALUES (1, '1 day 2 s')")
  assert.deepEqual(await pipeline.differences(), [])
})
