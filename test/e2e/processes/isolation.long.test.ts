/** The engine ended 100 times under load, in every way. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { assertEqualContent, caughtUp } from "../warehouse.ts"
import { startWorkload } from "../workload.ts"
import { endEngine, isolatedServer, watchApi, ways } from "./ended-engine.ts"

const times = 100
const contentEvery = 10

test(`the engine ended ${times} times under load: the API answers all the time, each time another engine goes on exactly`, async (context) => {
  const server = await isolatedServer(context)
  const { place, sourceUrl } = server
  const watch = watchApi(context, server)
  const took: number[] = []
  for (let time = 0; time < times; time += contentEvery) {
    const load = startWorkload(context, sourceUrl, 72 + time)
    for (let one = 0; one < contentEvery; one++) {
      const way = ways[(time + one) % ways.length]
      assert.ok(way)
      const { tookMs, allowedMs } = await endEngine(server, way)
      assert.ok(tookMs < allowedMs, `${way.name}: replaced after ${tookMs} ms, ${allowedMs} allowed`)
      took.push(tookMs)
    }
    await load.stop()
    await caughtUp(place, sourceUrl, "bank")
    await assertEqualContent(place, sourceUrl, "bank")
  }
  const { count, longestMs } = await watch.stop()
  const sorted = took.toSorted((one, other) => one - other)
  context.diagnostic(
    `replaced after ${Math.round(sorted[times / 2] ?? 0)} ms (median), ${Math.round(sorted.at(-1) ?? 0)} ms (longest)`,
  )
  context.diagnostic(`${count} looks at the API, the longest took ${Math.round(longestMs)} ms`)
})
