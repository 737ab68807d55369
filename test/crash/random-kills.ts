import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import type { Place } from "../e2e/place.ts"
import { randomFrom } from "../e2e/workload.ts"
import type { Workload } from "../e2e/writing.ts"
import { testSeed } from "../support/seed.ts"
import type { SceneSource } from "./scenes/pairs.ts"
import type { SceneWarehouse } from "./scenes/warehouses.ts"

const outputShown = 4_000

/** A source with tables, and a Millrace that is to follow it. */
export interface Scene {
  readonly place: Place
  createIntegration(): Promise<unknown>
  /** Waits until all of it can be read. The first copy may not be complete yet: its tables become readable one after another. */
  active(): Promise<unknown>
  startLoad(seed: number): Workload | Promise<Workload>
  /** Waits until the warehouse has everything, and compares all of it. Nothing is written meanwhile. */
  assertEqual(): Promise<void>
}

export interface KilledPair {
  source: SceneSource
  into: SceneWarehouse
  kills: number
}

export function describeRandomKills(pairs: readonly KilledPair[]): void {
  for (const { source, into, kills } of pairs)
    test(
      `${source.name} into ${into.name}: nothing is lost or doubled by ${kills} kills at random moments`,
      { skip: source.skip },
      (context) => killAtRandom(context, (own) => source.open(own, into), kills, testSeed),
    )
}

/**
 * Kills Millrace at random moments while the source is written to: some while it starts, some while it copies, most
 * while it streams. Compares everything every few kills and at the end.
 */
async function killAtRandom(
  context: TestContext,
  open: (context: TestContext) => Promise<Scene>,
  kills: number,
  seed: number,
): Promise<void> {
  context.diagnostic(`seed ${seed}`)
  const startedMs = performance.now()
  const random = randomFrom(seed)
  const scene = await open(context)
  let running = await scene.place.start()
  await scene.createIntegration()
  const load = await scene.startLoad(seed)
  for (let kill = 1; kill <= kills; kill++) {
    if (random() < 0.8) await running.ready()
    await sleep(random() * random() * 1_500)
    const ended = await running.kill9()
    assert.equal(ended.signal, "SIGKILL", `it ended by itself:\n${ended.output}`)
    running = scene.place.spawn()
    if (kill % 10 !== 0 && kill !== kills) continue
    await running.ready()
    try {
      await scene.active()
      await load.pause()
      await scene.assertEqual()
    } catch (error) {
      const said = running.output().slice(-outputShown)
      throw new Error(`after ${kill} kills: ${String(error)}; it last said:\n${said}`, { cause: error })
    }
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
