import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { newPlace, sourceArn } from "../e2e/place.ts"
import { apiOf } from "../e2e/rds.ts"
import { bank } from "../e2e/source.ts"
import { ask, assertEqualContent, caughtUp } from "../e2e/warehouse.ts"
import { randomFrom, startWorkload } from "../e2e/workload.ts"

/** Set to repeat a run: MILLRACE_TEST_SEED=123. */
export function chosenSeed(): number {
  return Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 1e9))
}

/** Sum of all balances, which no transaction changes: anything else would be half a transaction, or a repeated one. */
const wholeSum = "200000.00"

/**
 * Kills Millrace at random moments while the source is written to: some while it starts, some while it copies, most
 * while it streams. Compares everything every few kills and at the end.
 */
export async function killAtRandom(context: TestContext, kills: number, seed: number): Promise<void> {
  context.diagnostic(`MILLRACE_TEST_SEED=${seed}`)
  const startedMs = performance.now()
  const random = randomFrom(seed)
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }], state: "embedded" })
  let running = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  const load = startWorkload(context, source.url, seed)
  for (let kill = 1; kill <= kills; kill++) {
    if (random() < 0.8) await running.ready()
    await sleep(random() * random() * 1_500)
    const ended = await running.kill9()
    assert.equal(ended.signal, "SIGKILL", `it ended by itself:\n${ended.output}`)
    running = place.spawn()
    if (kill % 10 !== 0 && kill !== kills) continue
    await running.ready()
    // The first copy may not be complete yet: its tables become readable one after another.
    await api.becomes("bank", "active", 60_000)
    await load.pause()
    await caughtUp(place, source.url, "bank")
    assert.deepEqual(await ask(place, "bank", "SELECT sum(balance) FROM accounts"), [[wholeSum]])
    await assertEqualContent(place, source.url, "bank")
    showProgress(kill, kills, startedMs)
    load.resume()
  }
  await load.stop()
}

/** A diagnostic would only be shown at the end. */
function showProgress(kill: number, kills: number, startedMs: number): void {
  const seconds = Math.round((performance.now() - startedMs) / 1_000)
  process.stderr.write(`${kill} of ${kills} kills survived, ${seconds} s\n`)
}
