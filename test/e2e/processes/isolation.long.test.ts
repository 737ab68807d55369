/** The engine ended 100 times under load, in every way. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { assertEqualContent, caughtUp } from "../warehouse.ts"
import { onDatabase, startWorkload } from "../workload.ts"
import { endEngine, isolatedServer, type Replacement, watchApi, ways } from "./ended-engine.ts"

const times = 100
const contentEvery = 10

test(`the engine ended ${times} times under load: the API answers all the time, each time another engine goes on exactly`, async (context) => {
  const server = await isolatedServer(context)
  const { place, sourceUrl } = server
  const watch = watchApi(context, server)
  const took: Replacement[] = []
  for (let time = 0; time < times; time += contentEvery) {
    const load = startWorkload(context, sourceUrl, 72 + time)
    for (let one = 0; one < contentEvery; one++) {
      const way = ways[(time + one) % ways.length]
      assert.ok(way)
      const { tookMs, allowedMs } = await endEngine(server, way)
      took.push({ tookMs, allowedMs })
    }
    await load.stop()
    await caughtUp(place, sourceUrl, "bank")
    await assertEqualContent(place, sourceUrl, "bank")
    // The next load counts its rows from the same number.
    await onDatabase(sourceUrl, (client) => client.query("DELETE FROM entries WHERE seq > 1000000"))
  }
  const { count, longestMs } = await watch.stop()
  const late = took.filter(({ tookMs, allowedMs }) => tookMs > allowedMs)
  // A busy machine may add to some of them whatever it likes.
  assert.ok(late.length < times / 10, `${late.length} of ${times} were not replaced in time`)
  const sorted = took.map(({ tookMs }) => tookMs).toSorted((one, other) => one - other)
  context.diagnostic(
    `replaced after ${Math.round(sorted[times / 2] ?? 0)} ms (median), ${Math.round(sorted.at(-1) ?? 0)} ms (longest)`,
  )
  context.diagnostic(`${count} looks at the API, the longest took ${Math.round(longestMs)} ms`)
})
