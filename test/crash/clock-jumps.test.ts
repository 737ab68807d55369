import assert from "node:assert/strict"
import { once } from "node:events"
import { test } from "node:test"
import { newPlace, sourceArn } from "../e2e/place.ts"
import type { MillraceProcess } from "../e2e/process.ts"
import { apiOf } from "../e2e/rds.ts"
import { bank } from "../e2e/source.ts"
import { assertEqualContent, caughtUp } from "../e2e/warehouse.ts"
import { startWorkload } from "../e2e/workload.ts"
import { waitUntil } from "../support/wait-until.ts"
import { killable } from "./kill-at.ts"

const dayMs = 86_400_000

async function jump({ child }: MillraceProcess, shiftMs: number): Promise<void> {
  const done = once(child, "message")
  child.send({ shiftMs })
  await done
}

test("a clock that is set back and forth by days changes nothing of what arrives, and nobody waits for it", async (context) => {
  const source = await bank(context, 100)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  let running = await place.start(killable)
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.*.*`)
  // While it copies, or before.
  await jump(running, -2 * dayMs)
  await jump(running, 2 * dayMs)
  await api.becomes("bank", "active")
  const load = await startWorkload(context, source.url, 1)
  for (const days of [-3, 400, -397, 1]) {
    await jump(running, days * dayMs)
    const before = load.done
    await waitUntil(() => load.done > before + 20, { what: "more to be written" })
    await load.pause()
    await caughtUp(place, source.url, "bank")
    await assertEqualContent(place, source.url, "bank")
    load.resume()
  }
  // What it wrote down in the future is no hindrance when it starts in the present.
  await load.stop()
  assert.equal((await running.kill9()).signal, "SIGKILL")
  running = await place.start()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
  await api.becomes("bank", "active")
  await running.terminate()
})
