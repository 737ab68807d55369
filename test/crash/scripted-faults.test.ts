import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import pg from "pg"
import { startWriting } from "../e2e/writing.ts"
import { beginTestPipeline, runSql, type TestPipeline, testWarehouse } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { describeFaults } from "./scripted-faults-suite.ts"

const home = testWarehouse()

describeFaults("PostgreSQL", undefined, async (context) => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)",
    "INSERT INTO accounts SELECT i, 100 FROM generate_series(1, 200) i",
    "CREATE TABLE journal (n int, note text); ALTER TABLE journal REPLICA IDENTITY FULL",
    "INSERT INTO journal SELECT i, repeat('x', i) FROM generate_series(1, 500) i",
  )
  return {
    load: await startLoad(context, url),
    async begin(fault) {
      const pipeline = await beginTestPipeline({ url, home: await home, around: fault })
      return {
        reports: pipeline.reports,
        differences: () => pipeline.differences(),
        assertPositionsAreSane: () => positionsAreSane(pipeline, url),
        stop: pipeline.stop,
      }
    },
  }
})

/** Transfers that keep the sum, and a table without key. */
async function startLoad(context: TestContext, url: string) {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  let done = 0
  const step = async () => {
    const [from, to] = [(done % 200) + 1, ((done * 7) % 200) + 1]
    await client.query(
      `BEGIN; UPDATE accounts SET balance = balance - 1 WHERE id = ${from}; UPDATE accounts SET balance = balance + 1 WHERE id = ${to};
       INSERT INTO journal VALUES (${done}, 'moved'); DELETE FROM journal WHERE n = ${done - 20}; COMMIT`,
    )
    done++
    return true
  }
  return startWriting(context, step, 3, () => client.end())
}

async function positionsAreSane(pipeline: TestPipeline, url: string): Promise<void> {
  const [row] = await pipeline.home.read(`SELECT position FROM "${pipeline.database}".millrace.positions`)
  const position = row?.[0]?.split("@")[0]
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(
      "SELECT confirmed_flush_lsn <= $2::pg_lsn AND $2::pg_lsn <= pg_current_wal_insert_lsn() AS sane FROM pg_replication_slots WHERE slot_name = $1",
      [pipeline.handle, position],
    )
    assert.deepEqual(rows, [{ sane: true }], "slot ≤ warehouse ≤ source")
  } finally {
    await client.end()
  }
}
