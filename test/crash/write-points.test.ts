/**
 * Which write comes before which, and what a process that dies between them leaves. Always a repeat, never a hole.
 *
 * A copy:
 *   (state) integration and pipeline are recorded        nothing exists yet; the next start begins
 *   publication and slot are made at the source
 * 1 sourcePrepared      the slot is found under its name and made anew: without a position in the warehouse nothing of it counts
 *   an empty copy stands beside the live table
 * 2 copyBegun           the copy is replaced by the next attempt; the live table, if there is one, is untouched
 *   parts are loaded into the copy
 * 3 chunkLoaded         the same
 *   the copy takes the live table's place, in one transaction with its entry in the bookkeeping
 * 4 tableSwapped        some tables are newer than others, and there is no position: all are copied again
 *   tables that are gone go, the position is recorded, in one transaction
 * 5 positionRecorded    the stream starts there; the source has kept everything since
 *
 * The stream:
 *   changes are written to staging files
 * 6 staged              staging is emptied at the next start; the source sends the changes again
 *   rows and position become visible and durable, in one transaction
 * 7 applied             the source is told the warehouse's position, not its own, and sends what follows: nothing doubles
 *   the source is told that it may forget
 * 8 acknowledged        nothing is left to do
 *
 * The spool, while the warehouse is away:
 *   changes are written and synced
 * 9 spooled             the source sends them again from where it was told; what the spool has already is left out
 *   the source is told that it may forget them
 * 10 spoolAcknowledged  the spool is read first, then the source: no gap, for the spool was durable before
 *   they are replayed, and applied with the position; what is applied is removed
 * 11 spoolReleased      the warehouse's position says what of the rest is still to come
 */
import assert from "node:assert/strict"
import { after, type TestContext, test } from "node:test"
import { type WritePoint, writePoints } from "../../src/replication/write-order.ts"
import { lockWarehouse, spoolFiles, works, writeLog } from "../e2e/locked-warehouse.ts"
import { newPlace, type Place, sourceArn } from "../e2e/place.ts"
import type { MillraceProcess } from "../e2e/process.ts"
import { type Api, apiOf } from "../e2e/rds.ts"
import { bank } from "../e2e/source.ts"
import { assertEqualContent, caughtUp, firstCopied } from "../e2e/warehouse.ts"
import { onDatabase, startWorkload } from "../e2e/workload.ts"
import { waitUntil } from "../support/wait-until.ts"
import { assertKilled, killAt, killable } from "./kill-at.ts"

/** How often each point is passed before the end comes. Points of a copy are passed once, or once for each table. */
const copyPasses: [WritePoint, number[]][] = [
  ["sourcePrepared", [1]],
  ["copyBegun", [1, 4]],
  ["chunkLoaded", [1, 3]],
  ["tableSwapped", [1, 4]],
  ["positionRecorded", [1]],
]
const streamPasses: [WritePoint, number[]][] = [
  ["staged", [1, 2, 9]],
  ["applied", [1, 2, 9]],
  ["acknowledged", [1, 7]],
]

const spoolPasses: [WritePoint, number[]][] = [
  ["spooled", [4]],
  ["spoolAcknowledged", [1]],
  ["spoolReleased", [1]],
]

const tested = new Set<WritePoint>()

async function slotsOf(url: string): Promise<string[]> {
  const { rows } = await onDatabase(url, (client) =>
    client.query<{ name: string }>(
      `SELECT slot_name AS name FROM pg_replication_slots WHERE database = current_database()
       UNION ALL SELECT pubname FROM pg_publication`,
    ),
  )
  return rows.map((row) => row.name)
}

interface Scene {
  place: Place
  api: Api
  source: { url: string; name: string }
  running: MillraceProcess
}

async function scene(context: TestContext): Promise<Scene> {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  return { place, api: apiOf(place), source, running: await place.start(killable) }
}

test("a copy survives the end of the process at each of its points", async (context) => {
  const at = await scene(context)
  const load = startWorkload(context, at.source.url, 7)
  let round = 0
  for (const [point, counts] of copyPasses) {
    for (const passes of counts) {
      const name = `bank-${++round}`
      await context.test(`${point}, pass ${passes}`, async () => {
        tested.add(point)
        await killAt(at.running, point, passes)
        await at.api.create(name, `include: ${at.source.name}.public.*`)
        await assertKilled(at.running)
        at.running = await at.place.start(killable)
        await at.api.becomes(name, "active")
        await load.pause()
        await caughtUp(at.place, at.source.url, name.replace("-", "_"))
        await assertEqualContent(at.place, at.source.url, name.replace("-", "_"))
        load.resume()
        assert.equal((await slotsOf(at.source.url)).length, 2, "one slot and one publication")
        await at.api.delete(name)
        await at.api.gone(name)
        assert.deepEqual(await slotsOf(at.source.url), [], "nothing is left at the source")
      })
    }
  }
  await load.stop()
})

test("the stream survives the end of the process at each of its points", async (context) => {
  const at = await scene(context)
  await at.api.create("bank", `include: ${at.source.name}.public.*`)
  await at.api.becomes("bank", "active")
  const load = startWorkload(context, at.source.url, 11)
  for (const [point, counts] of streamPasses) {
    for (const passes of counts) {
      await context.test(`${point}, pass ${passes}`, async () => {
        tested.add(point)
        await killAt(at.running, point, passes)
        await assertKilled(at.running)
        const doneAtKill = load.done
        await waitUntil(() => load.done > doneAtKill + 20, { what: "changes while nothing runs" })
        at.running = await at.place.start(killable)
        await load.pause()
        await caughtUp(at.place, at.source.url, "bank")
        await assertEqualContent(at.place, at.source.url, "bank")
        load.resume()
      })
    }
  }
  await load.stop()
})

test("the spool survives the end of the process at each of its points", async (context) => {
  const at = await scene(context)
  await at.place.configure((configuration) => {
    const retention = { budget: "1MB", policy: "spool" }
    configuration.sources = [{ arn: sourceArn, engine: "postgres", url: at.source.url, retention }]
  })
  const often = { ...killable, MILLRACE_TEST_RETENTION_MS: "100" }
  await at.running.terminate()
  at.running = await at.place.start(often)
  await at.api.create("bank", `include: ${at.source.name}.public.*`)
  await works(at.api, "bank")
  await firstCopied(at.place, at.source.url, "bank")
  const load = startWorkload(context, at.source.url, 13)
  for (const [point, counts] of spoolPasses) {
    for (const passes of counts) {
      await context.test(`${point}, pass ${passes}`, async () => {
        tested.add(point)
        await at.running.terminate()
        const unlock = await lockWarehouse(context, at.place, "bank")
        at.running = await at.place.start(often)
        if (point !== "spoolReleased") await killAt(at.running, point, passes)
        await writeLog(at.source.url, 3)
        if (point === "spoolReleased") {
          await waitUntil(async () => (await spoolFiles(at.place)).length > 0, { what: "a spool" })
          await killAt(at.running, point, passes)
          await unlock()
        }
        await assertKilled(at.running)
        await unlock()
        at.running = await at.place.start(often)
        await load.pause()
        await caughtUp(at.place, at.source.url, "bank")
        await assertEqualContent(at.place, at.source.url, "bank")
        load.resume()
      })
    }
  }
  assert.doesNotMatch(at.place.output(), /sourceHistoryLost/, "nothing was resynced")
  await load.stop()
})

after(() =>
  assert.deepEqual([...tested].sort(), [...writePoints].sort(), "a point of the write order is not tested"),
)
