import assert from "node:assert/strict"
import { readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { waitUntil } from "../../support/wait-until.ts"
import { lockWarehouse, spoolFiles, works, writeLog } from "../locked-warehouse.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import type { MillraceProcess } from "../process.ts"
import { type Api, apiOf } from "../rds.ts"
import { resyncedByLoss } from "../resynced-by-loss.ts"
import { noSmallDisk, smallDisk } from "../small-disk.ts"
import { bank } from "../source.ts"
import { assertEqualContent, becomesEqual, caughtUp, firstCopied } from "../warehouse.ts"
import { onDatabase, startWorkload } from "../workload.ts"

const environment = {
  MILLRACE_TEST_ENTRY: join(import.meta.dirname, "..", "..", "crash", "child.ts"),
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
): Promise<Scene & { running: MillraceProcess; unlock(): Promise<void> }> {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  await place.configure((configuration) => {
    configuration.sources = [{ arn: sourceArn, engine: "postgres", url: source.url, retention }]
  })
  const running = await place.start(environment)
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await works(api, "bank")
  await firstCopied(place, source.url, "bank")
  await running.terminate()
  const unlock = await lockWarehouse(context, place, "bank")
  const away = await place.start(environment)
  await api.reports("bank", "WAREHOUSE_UNAVAILABLE")
  return { place, api, source, unlock, running: away }
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

test("policy drop_and_resync: over the budget the slot goes; with the warehouse back all is resynced", async (context) => {
  const { place, api, source, unlock } = await lockedOut(context, {
    budget: "8MB",
    policy: "drop_and_resync",
  })
  const load = startWorkload(context, source.url, 5)
  // What other databases of the server write counts, too: it may have been dropped before.
  await writeLog(source.url, 12)
  assert.match(await api.reports("bank", "SOURCE_RELEASED"), /its replication slot was dropped/)
  assert.deepEqual(await slotsOf(source.url), [])
  assert.equal((await api.describe("bank"))?.Status, "needs_attention", "the warehouse is still away")
  await unlock()
  await waitUntil(async () => (await slotsOf(source.url)).length === 1, { what: "a new slot" })
  await works(api, "bank")
  await load.stop()
  await becomesEqual(place, source.url, "bank")
})

interface SlotPlaces {
  confirmed: bigint
  restart: bigint
}

async function slotPlaces(url: string): Promise<SlotPlaces> {
  const { rows } = await onDatabase(url, (client) =>
    client.query<{ confirmed: string; restart: string }>(
      `SELECT (confirmed_flush_lsn - '0/0')::text AS confirmed, (restart_lsn - '0/0')::text AS restart
       FROM pg_replication_slots WHERE database = current_database()`,
    ),
  )
  const [slot] = rows
  assert.ok(slot !== undefined, "there is a slot")
  return { confirmed: BigInt(slot.confirmed), restart: BigInt(slot.restart) }
}

/** Whatever the source may forget: both places of the slot pass where the log ends now. */
async function slotMovesOn(url: string): Promise<void> {
  const { rows } = await onDatabase(url, (client) =>
    client.query<{ now: string }>("SELECT (pg_current_wal_lsn() - '0/0')::text AS now"),
  )
  const now = BigInt(rows[0]?.now ?? 0)
  await waitUntil(
    async () => {
      // A source in use: where nothing is unread any more, nothing is read, and the slot rests.
      await writeLog(url, 1)
      // Where a slot may begin anew is told by a record that a checkpoint writes.
      await onDatabase(url, (client) => client.query("CHECKPOINT"))
      const { confirmed, restart } = await slotPlaces(url)
      return confirmed > now && restart > now
    },
    { what: "the slot to move on", timeoutMs: 60_000, intervalMs: 500 },
  )
}

test("policy spool: while the warehouse is away the slot moves on, through kills; then all is replayed", async (context) => {
  const { place, api, source, running, unlock } = await lockedOut(context, {
    budget: "1MB",
    policy: "spool",
  })
  const load = startWorkload(context, source.url, 7)
  await writeLog(source.url, 2)
  await slotMovesOn(source.url)
  assert.match((await place.run("status")).output, /spool \d+\.\d [kM]B of 21\.5 GB/)
  const metrics = await (await fetch(`http://127.0.0.1:${place.httpPort}/metrics`)).text()
  assert.match(metrics, /^millrace_spool_bytes\{[^}]+\} [1-9]/m)
  await onDatabase(source.url, (client) =>
    client.query(
      "ALTER TABLE entries ADD COLUMN extra text DEFAULT 'x'; UPDATE entries SET extra = 'y' WHERE seq % 5 = 0",
    ),
  )
  await running.kill9()
  const doneAtKill = load.done
  await waitUntil(() => load.done > doneAtKill + 50, { what: "changes while nothing runs" })
  await writeLog(source.url, 2)
  await place.start(environment)
  await slotMovesOn(source.url)
  assert.equal((await api.describe("bank"))?.Status, "needs_attention", "the warehouse is still away")
  await unlock()
  await works(api, "bank")
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
  assert.doesNotMatch(place.output(), /sourceHistoryLost/)
  await waitUntil(async () => (await spoolFiles(place)).length === 0, { what: "the spool to be used up" })
})

const losses: [string, (place: Place) => Promise<void>][] = [
  ["removed", (place) => rm(join(place.dataDir, "spool"), { recursive: true })],
  ["damaged", flipOneBit],
]

async function flipOneBit(place: Place): Promise<void> {
  const [name] = await spoolFiles(place)
  const path = join(place.dataDir, "spool", name ?? "")
  const bytes = await readFile(path)
  const at = Math.floor(bytes.length * 0.6)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  await writeFile(path, bytes)
}

for (const [how, lose] of losses)
  test(`a spool that is ${how} is not passed over: all is resynced`, async (context) => {
    const { place, api, source, running, unlock } = await lockedOut(context, {
      budget: "1MB",
      policy: "spool",
    })
    const load = startWorkload(context, source.url, 17)
    await writeLog(source.url, 2)
    await slotMovesOn(source.url)
    await running.kill9()
    await lose(place)
    await place.start(environment)
    await unlock()
    await resyncedByLoss(place)
    await works(api, "bank")
    await load.stop()
    await becomesEqual(place, source.url, "bank")
  })

test("a full spool is said; the source keeps its log again, and nothing is lost", async (context) => {
  const { place, api, source, unlock } = await lockedOut(context, {
    budget: "1MB",
    policy: "spool",
    spool_limit: "300kB",
  })
  const load = startWorkload(context, source.url, 19)
  await writeLog(source.url, 2)
  assert.match(await api.reports("bank", "SPOOL_FULL"), /holds \d+ of 300000 bytes/)
  assert.match((await place.run("status")).output, /spool .* full: the source keeps its log again/)
  await unlock()
  await works(api, "bank")
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})

test(
  "policy spool with the warehouse's disk full: the slot moves on, and all is applied when there is room",
  noSmallDisk === undefined ? {} : { skip: noSmallDisk },
  async (context) => {
    const source = await bank(context)
    const disk = await smallDisk(context, 96 * 2 ** 20)
    const place = await newPlace(context, {
      sources: [{ arn: sourceArn, url: source.url }],
      warehousePath: join(disk.folder, "warehouse"),
    })
    await place.configure((configuration) => {
      const retention = { budget: "1MB", policy: "spool" }
      configuration.sources = [{ arn: sourceArn, engine: "postgres", url: source.url, retention }]
    })
    await place.start(environment)
    const api = apiOf(place)
    await api.create("bank", `include: ${source.name}.public.*`)
    await works(api, "bank")
    await firstCopied(place, source.url, "bank")
    await disk.fill(2 * 2 ** 20)
    for (let part = 1; part <= 3; part++)
      await onDatabase(source.url, (client) =>
        client.query(
          "INSERT INTO entries SELECT $1::int, i, md5(i::text) || md5((i * $1)::text) FROM generate_series(1, 60000) i",
          [1000 + part],
        ),
      )
    await api.reports("bank", "DISK_FULL", 60_000)
    await slotMovesOn(source.url)
    await disk.free()
    await works(api, "bank")
    await caughtUp(place, source.url, "bank")
    await assertEqualContent(place, source.url, "bank")
  },
)
