import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { waitUntil } from "../support/wait-until.ts"
import { lockWarehouse } from "./locked-warehouse.ts"
import { newPlace, type Place, sourceArn } from "./place.ts"
import { type Api, apiOf } from "./rds.ts"
import { bank } from "./source.ts"
import { assertEqualContent, caughtUp } from "./warehouse.ts"
import { onDatabase, startWorkload } from "./workload.ts"

const environment = {
  MILLRACE_TEST_ENTRY: join(import.meta.dirname, "..", "crash", "child.ts"),
  MILLRACE_TEST_RETENTION_MS: "250",
}

interface Scene {
  place: Place
  api: Api
  source: { url: string; name: string }
}

/** An active integration whose source has a budget; then Millrace ends, and is back with the warehouse locked. */
async function lockedOut(
  context: TestContext,
  retention: Record<string, string>,
): Promise<Scene & { unlock(): Promise<void> }> {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  await place.configure((configuration) => {
    configuration.sources = [{ arn: sourceArn, engine: "postgres", url: source.url, retention }]
  })
  const running = await place.start(environment)
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  await running.terminate()
  const unlock = await lockWarehouse(context, place, "bank")
  await place.start(environment)
  await api.reports("bank", "WAREHOUSE_UNAVAILABLE")
  return { place, api, source, unlock }
}

/** Log that nobody is sent. */
async function writeLog(url: string, megabytes: number): Promise<void> {
  await onDatabase(url, (client) =>
    client.query(
      "SELECT count(pg_logical_emit_message(false, 'test', repeat('x', 100000))) FROM generate_series(1, $1::int)",
      [megabytes * 10],
    ),
  )
}

async function slotsOf(url: string): Promise<string[]> {
  const { rows } = await onDatabase(url, (client) =>
    client.query<{ name: string }>(
      "SELECT slot_name AS name FROM pg_replication_slots WHERE database = current_database()",
    ),
  )
  return rows.map((row) => row.name)
}

test("policy hold: over the budget it says so and keeps the slot", async (context) => {
  const { place, api, source, unlock } = await lockedOut(context, { budget: "8MB" })
  const load = startWorkload(context, source.url, 3)
  await writeLog(source.url, 12)
  const message = await api.reports("bank", "SOURCE_RETENTION_OVER_BUDGET")
  assert.match(message, /keeps \d{8,} bytes .* its budget is 8000000 \(policy hold\)/)
  assert.match(message, /raise retention\.budget/)
  assert.equal((await api.describe("bank"))?.Status, "needs_attention")
  assert.match((await place.run("status")).output, /budget 8\.0 MB \(then: hold\)/)
  assert.match(place.output(), /keeps more for this pipeline than its budget/)
  assert.equal((await slotsOf(source.url)).length, 1)
  await unlock()
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})

test("policy drop_and_resync: over the budget the slot goes; with the warehouse back all is copied anew", async (context) => {
  const { place, api, source, unlock } = await lockedOut(context, {
    budget: "8MB",
    policy: "drop_and_resync",
  })
  const load = startWorkload(context, source.url, 5)
  assert.equal((await slotsOf(source.url)).length, 1)
  await writeLog(source.url, 12)
  assert.match(await api.reports("bank", "SOURCE_RELEASED"), /its replication slot was dropped/)
  assert.deepEqual(await slotsOf(source.url), [])
  assert.equal((await api.describe("bank"))?.Status, "needs_attention", "the warehouse is still away")
  await unlock()
  await waitUntil(async () => (await slotsOf(source.url)).length === 1, { what: "a new slot" })
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})
