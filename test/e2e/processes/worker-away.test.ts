import assert from "node:assert/strict"
import { test } from "node:test"
import { awayScene, watchStatus } from "./worker-away.ts"

test("api apart from sql,worker: the worker is killed under load and started again; the API never says active without it", async (context) => {
  const scene = await awayScene(context, "api | sql,worker", 81)
  const { api, place, worker, startWorker } = scene
  const watch = watchStatus(context, scene)
  await worker.kill9()
  watch.away()
  const errors = await api.becomes("bank", "needs_attention")
  assert.deepEqual(
    errors.map(({ code }) => code),
    ["PIPELINE_STATE_UNKNOWN"],
  )
  const status = await place.run("status")
  assert.match(status.output, /bank {2}unknown: nothing reported for/)
  watch.back()
  await startWorker()
  await api.becomes("bank", "active")
  const { seen } = await watch.stop()
  assert.ok(seen.includes("active") && seen.includes("needs_attention"), seen.join())
  await scene.assertNothingLost()
})
