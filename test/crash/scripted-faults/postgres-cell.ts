import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import pg from "pg"
import { beginTestPipeline, type TestHome, type TestPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { startTransfers } from "../transfers.ts"
import type { FaultScene } from "./suite.ts"

/** Each cell has a database of its own at the source. */
export async function postgresCell(context: TestContext, home: Promise<TestHome>): Promise<FaultScene> {
  const { url } = await testDatabase()
  return {
    load: await startTransfers(context, url),
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
