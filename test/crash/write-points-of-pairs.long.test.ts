/** The process ends at each point of the write order, one after the other, on the way of one integration. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { waitUntil } from "../support/wait-until.ts"
import { assertKilled, killable } from "./kill-at.ts"
import { dynamoDbSource, mariaDbSource, postgresSource, type SceneSource } from "./scenes/pairs.ts"
import { duckDbWarehouse, postgresWarehouse, type SceneWarehouse } from "./scenes/warehouses.ts"

/** Of others' work on the machine, mostly. */
const pointLimitMs = 120_000

async function killAtEach(context: TestContext, source: SceneSource, into: SceneWarehouse): Promise<void> {
  const { place, ...scene } = await source.open(context, into)
  const [first, ...others] = source.points
  let running = await place.start({ ...killable, MILLRACE_KILL_AT: `${first}:1` })
  await scene.createIntegration()
  const load = await scene.startLoad(7)
  for (const next of others) {
    await assertKilled(running, pointLimitMs)
    running = place.spawn({ ...killable, MILLRACE_KILL_AT: `${next}:1` })
  }
  await assertKilled(running, pointLimitMs)
  running = await place.start()
  const before = load.done
  await waitUntil(() => load.done > before + 20, { what: "more to be written", timeoutMs: pointLimitMs })
  await scene.active()
  await load.stop()
  await scene.assertEqual()
  assert.equal((await running.terminate()).code, 0)
}

for (const into of [duckDbWarehouse, postgresWarehouse])
  for (const source of [postgresSource, mariaDbSource, dynamoDbSource])
    test(
      `${source.name} into ${into.name}: contents are equal after the end at ${source.points.join(", ")}`,
      { skip: source.skip },
      (context) => killAtEach(context, source, into),
    )
