import assert from "node:assert/strict"
import { test } from "node:test"
import { TakenOver } from "../../../src/replication/contracts/taken-over.ts"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

/** Writes transactions, one after another, until it is stopped. */
function writing(url: string): { stop(): Promise<void> } {
  let isOver = false
  const load = (async () => {
    for (let n = 1; !isOver; n++)
      await runSql(
        url,
        `BEGIN;
         INSERT INTO keyed VALUES (${n}, 0);
         UPDATE keyed SET v = v + 1 WHERE id % 5 = ${n % 5};
         INSERT INTO keyless VALUES (${n});
         COMMIT`,
      )
  })()
  return {
    async stop() {
      isOver = true
      await load
    },
  }
}

test("a pipeline that changes hands under load, its older owner alive: nothing lost, nothing doubled", async (context) => {
  const database = await testDatabase()
  context.after(() => database.drop())
  await runSql(
    database.url,
    "CREATE TABLE keyed (id int PRIMARY KEY, v int)",
    "CREATE TABLE keyless (v int)",
    "ALTER TABLE keyless REPLICA IDENTITY FULL",
  )
  const first = await testPipeline({ url: database.url })
  await first.settle()
  const load = writing(database.url)
  let owner: TestPipeline = first
  for (let generation = 2; generation <= 4; generation++) {
    const older = owner
    const { changes } = older.reports
    await waitUntil(() => older.reports.changes > changes, { what: "rows to come" })
    const { home, database: copy, handle } = first
    owner = await testPipeline({ url: database.url, home, database: copy, handle, generation })
    await waitUntil(() => older.reports.phases.at(-1) === "stopped", { what: "the older owner to end" })
    const last = older.reports.problems.at(-1)
    assert.ok(last instanceof TakenOver, String(last))
    assert.equal(last.newest, generation)
  }
  await load.stop()
  assert.deepEqual(await owner.differences(), [])
  await owner.stop()
})
