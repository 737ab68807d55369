import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { killable } from "../../crash/kill-at.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type PlaceOptions, sourceArn } from "../place.ts"
import { type Api, apiOf } from "../rds.ts"
import { noSmallDisk, smallDisk } from "../small-disk.ts"
import { bank } from "../source.ts"
import { ask, assertEqualContent, caughtUp, connectSql } from "../warehouse.ts"
import { onDatabase, rowMarker } from "../workload.ts"

const options = noSmallDisk === undefined ? {} : { skip: noSmallDisk }
const megabyte = 2 ** 20
/** Polling without a pause passes the access key's call rate on a fast machine, and is refused. */
const pollIntervalMs = 50
const impatient = { ...killable, MILLRACE_TEST_LONGEST_RETRY_MS: "2000" }

/** Rows that do not compress to nothing. */
async function insertMany(url: string, round: number, rows: number): Promise<void> {
  await onDatabase(url, (client) =>
    client.query(
      `INSERT INTO entries SELECT $1::int, i, '${rowMarker} ' || md5(i::text || $1::text) || md5(i::text || 'x' || $1::text), NULL, NULL FROM generate_series(1, $2::int) i`,
      [1000 + round, rows],
    ),
  )
}

/** Writes until the integration reports it. */
async function fillUp(api: Api, url: string, round: number): Promise<string> {
  for (let part = 0; part < 40; part++) {
    await insertMany(url, round * 100 + part, 30_000)
    const errors = (await api.describe("bank"))?.Errors ?? []
    const full = errors.find((error) => error.ErrorCode === "DISK_FULL")
    if (full !== undefined) return full.ErrorMessage ?? ""
  }
  return await api.reports("bank", "DISK_FULL", 60_000)
}

/**
 * While the cause lasts, a new attempt must not look like its end. Until the room is used up a smaller batch may still
 * succeed, and then it is no lie.
 */
async function becomesSteady(api: Api): Promise<void> {
  const until = Date.now() + 40_000
  let steadySinceMs = Date.now()
  while (Date.now() < steadySinceMs + 4_000) {
    if ((await api.describe("bank"))?.Status !== "needs_attention") steadySinceMs = Date.now()
    assert.ok(Date.now() < until, "the status goes to and fro")
    await sleep(pollIntervalMs)
  }
}

async function scene(context: TestContext, where: (disk: string) => Partial<PlaceOptions>) {
  const source = await bank(context)
  const disk = await smallDisk(context, 96 * megabyte)
  const sources = [{ arn: sourceArn, url: source.url }]
  const place = await newPlace(context, { sources, ...where(disk.folder) })
  const running = await place.start(impatient)
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  return { source, disk, place, running, api }
}

test(
  "the warehouse's disk full while streaming: reported, goes on by itself when there is room",
  options,
  async (context) => {
    const { source, disk, place, running, api } = await scene(context, (folder) => ({
      warehousePath: join(folder, "warehouse"),
    }))
    // With little room the engine's log does not fit; with more, what it moves from there to its file.
    for (const [round, leftMegabytes] of [3, 24].entries()) {
      await disk.fill(leftMegabytes * megabyte)
      const message = await fillUp(api, source.url, round)
      assert.match(message, /Free space under data_dir/)
      assert.equal((await api.describe("bank"))?.Status, "needs_attention")
      assert.match((await place.run("status")).output, /needs_attention[\s\S]*DISK_FULL/)
      await becomesSteady(api)
      await disk.free()
      assert.deepEqual(await api.becomes("bank", "active", 60_000), [])
      await caughtUp(place, source.url, "bank")
      await assertEqualContent(place, source.url, "bank")
      await onDatabase(source.url, (client) => client.query("DELETE FROM entries WHERE account >= 1000"))
      await caughtUp(place, source.url, "bank")
    }
    await running.kill9()
    await place.start(impatient)
    await caughtUp(place, source.url, "bank")
    await assertEqualContent(place, source.url, "bank")
  },
)

test(
  "a session inside a transaction, asleep while the disk fills up, ends without harm",
  options,
  async (context) => {
    const { source, disk, place, running, api } = await scene(context, (folder) => ({
      warehousePath: join(folder, "warehouse"),
    }))
    const session = await connectSql(place, "bank")
    await session.query("BEGIN")
    await session.query("SELECT count(*) FROM entries")
    await disk.fill(19 * megabyte)
    await fillUp(api, source.url, 1)
    await disk.free()
    await session.end()
    assert.deepEqual(await api.becomes("bank", "active", 60_000), [])
    await caughtUp(place, source.url, "bank")
    await assertEqualContent(place, source.url, "bank")
    assert.equal((await running.terminate()).code, 0)
  },
)

test(
  "the staging disk full while streaming: reported, goes on by itself when there is room",
  options,
  async (context) => {
    const warehouse = await smallDisk(context, 256 * megabyte)
    const { source, disk, place, api } = await scene(context, (folder) => ({
      dataDir: join(folder, "data"),
      warehousePath: join(warehouse.folder, "warehouse"),
    }))
    await disk.fill(megabyte / 2)
    await insertMany(source.url, 1, 60_000)
    await api.reports("bank", "DISK_FULL", 60_000)
    assert.deepEqual(await ask(place, "bank", "SELECT sum(balance) FROM accounts"), [["200000.00"]])
    await disk.free()
    assert.deepEqual(await api.becomes("bank", "active", 60_000), [])
    await caughtUp(place, source.url, "bank")
    await assertEqualContent(place, source.url, "bank")
  },
)

test(
  "the disk full while resyncing: reported, the live tables stay, goes on when there is room",
  options,
  async (context) => {
    const { source, disk, place, api } = await scene(context, (folder) => ({ dataDir: join(folder, "data") }))
    await insertMany(source.url, 1, 100_000)
    await caughtUp(place, source.url, "bank")
    await disk.fill(4 * megabyte)
    await onDatabase(source.url, async (client) => {
      const { rows } = await client.query<{ name: string }>("SELECT pubname AS name FROM pg_publication")
      await client.query(`DROP PUBLICATION ${rows[0]?.name}`)
      await client.query("UPDATE accounts SET balance = balance")
    })
    await api.reports("bank", "DISK_FULL", 60_000)
    await waitUntil(
      async () => (await ask(place, "bank", "SELECT sum(balance) FROM accounts"))[0]?.[0] === "200000.00",
      { what: "the live table to be readable" },
    )
    await disk.free()
    assert.deepEqual(await api.becomes("bank", "active", 60_000), [])
    await caughtUp(place, source.url, "bank")
    await assertEqualContent(place, source.url, "bank")
  },
)
