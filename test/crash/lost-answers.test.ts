/** The source does what it is asked, and the connection breaks before it can say so. */
import assert from "node:assert/strict"
import { describe, type TestContext, test } from "node:test"
import pg from "pg"
import { openPostgresSource } from "../../src/sources/postgres/source.ts"
import { beginTestPipeline, runSql, type TestPipeline, testPipeline } from "../support/pipeline.ts"
import { waitUntil } from "../support/wait-until.ts"
import { sourceByProxy } from "./source-by-proxy.ts"
import { startTransfers } from "./transfers.ts"

async function streams({ reports }: TestPipeline): Promise<void> {
  await waitUntil(() => reports.phases.at(-1) === "streaming", {
    what: "the pipeline to stream",
    timeoutMs: 120_000,
  })
}

async function slots(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(
      "SELECT slot_name AS name FROM pg_replication_slots WHERE database = current_database()",
    )
    return rows.map(({ name }) => name)
  } finally {
    await client.end()
  }
}

async function survivesAtStart(context: TestContext, command: RegExp): Promise<void> {
  const { url, direct, proxy } = await sourceByProxy(context)
  const load = await startTransfers(context, direct)
  await runSql(direct, "CREATE TABLE millrace_test_marker (n bigint PRIMARY KEY)")
  const lost = proxy.loseAnswer(command)
  const pipeline = await beginTestPipeline({ url, select: ({ schema }) => schema === "public" })
  await lost
  await streams(pipeline)
  await load.stop()
  assert.deepEqual(await pipeline.differences(), [])
  assert.ok(pipeline.reports.phases.includes("waiting"), "the loss was noticed")
  assert.deepEqual(await slots(direct), [pipeline.handle])
  await pipeline.stop()
}

describe("commands that the source carries out, and whose answers are lost", { concurrency: 4 }, () => {
  for (const command of [/COMMIT/, /CREATE_REPLICATION_SLOT/])
    test(`at the start: ${command.source}`, (context) => survivesAtStart(context, command))

  test("at the end: what was removed is removed once more, and nothing stays", async (context) => {
    const { url, direct, proxy } = await sourceByProxy(context)
    await runSql(direct, "CREATE TABLE t (id int PRIMARY KEY)")
    const pipeline = await testPipeline({ url })
    await pipeline.stop()
    const source = openPostgresSource({ url, database: decodeURIComponent(new URL(url).pathname.slice(1)) })
    for (const command of [/DROP PUBLICATION/, /pg_drop_replication_slot/]) {
      const lost = proxy.loseAnswer(command)
      await assert.rejects(source.remove(pipeline.handle))
      await lost
    }
    await source.remove(pipeline.handle)
    assert.deepEqual(await slots(direct), [])
  })
})
