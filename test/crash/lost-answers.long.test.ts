import assert from "node:assert/strict"
import { describe, type TestContext, test } from "node:test"
import { runSql, testPipeline } from "../support/pipeline.ts"
import { waitUntil } from "../support/wait-until.ts"
import { sourceByProxy } from "./source-by-proxy.ts"
import { startTransfers } from "./transfers.ts"

/** What is made for a copy beside the stream costs that copy one attempt, and the stream nothing. */
async function survivesBesideTheStream(context: TestContext, command: RegExp): Promise<void> {
  const { url, direct, proxy } = await sourceByProxy(context)
  const load = await startTransfers(context, direct)
  const pipeline = await testPipeline({ url })
  const lost = proxy.loseAnswer(command)
  await runSql(
    direct,
    "CREATE TABLE late (id int PRIMARY KEY); INSERT INTO late SELECT generate_series(1, 100)",
  )
  await lost
  await waitUntil(() => pipeline.reports.copied.includes("public.late"), {
    what: "the late table to be copied",
    timeoutMs: 120_000,
  })
  await load.stop()
  assert.deepEqual(await pipeline.differences(), [])
  assert.ok(!pipeline.reports.phases.includes("waiting"), String(pipeline.reports.problems))
  await pipeline.stop()
}

describe("answers that are lost while the source prepares a copy beside the stream", {
  concurrency: 3,
}, () => {
  for (const command of [/ALTER PUBLICATION/, /COMMENT ON PUBLICATION/, /CREATE_REPLICATION_SLOT/])
    test(command.source, (context) => survivesBesideTheStream(context, command))
})
