import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql, testPipeline } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { cases } from "./change-cases.ts"

for (const { name, before, steps } of cases) {
  test(name, async () => {
    const database = await testDatabase()
    await runSql(database.url, ...before)
    const pipeline = await testPipeline({ url: database.url })
    assert.deepEqual(await pipeline.differences(), [], "after the copy")
    for (const step of steps) {
      await runSql(database.url, step)
      assert.deepEqual(await pipeline.differences(), [], step)
    }
  })

  test(`${name}, in one batch`, async () => {
    const database = await testDatabase()
    await runSql(database.url, ...before)
    const copied = await testPipeline({ url: database.url })
    await copied.settle()
    await copied.stop()
    await runSql(database.url, ...steps)
    const { home, database: copy, handle } = copied
    const pipeline = await testPipeline({ url: database.url, home, database: copy, handle })
    assert.deepEqual(await pipeline.differences(), [])
    assert.deepEqual(pipeline.reports.copied, [], "nothing was resynced")
  })
}
