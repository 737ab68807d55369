import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { type TestContext, test } from "node:test"
import { promisify } from "node:util"
import pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import type { MillraceProcess } from "../process.ts"
import { type Api, apiOf } from "../rds.ts"
import { resyncedByLoss } from "../resynced-by-loss.ts"
import { bank, bankServer } from "../source.ts"
import { ask, assertEqualContent, becomesEqual, caughtUp } from "../warehouse.ts"
import { onDatabase, startWorkload } from "../workload.ts"

/** Node's own copy would not keep the owner, who is another account than root. */
const run = promisify(execFile)

interface Streaming {
  place: Place
  api: Api
  running: MillraceProcess
  /** Slot and publication. */
  handle: string
}

/** A running Millrace that streams the bank's tables. */
async function streaming(context: TestContext, url: string, database: string): Promise<Streaming> {
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  const running = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${database}.public.*`)
  await api.becomes("bank", "active")
  await caughtUp(place, url, "bank")
  return { place, api, running, handle: await handleAt(url) }
}

async function handleAt(url: string): Promise<string> {
  const { rows } = await onDatabase(url, (client) =>
    client.query<{ pubname: string }>("SELECT pubname FROM pg_publication"),
  )
  return rows[0]?.pubname ?? ""
}

/** Reads the live table on end until stopped; fails if it ever is gone or shorter than it was. */
function watchTable(place: Place): { stop(): Promise<number> } {
  const state = { stopped: false, reads: 0 }
  const running = (async () => {
    while (!state.stopped) {
      const [row] = await ask(place, "bank", "SELECT count(*), sum(balance) FROM accounts")
      assert.deepEqual(row, ["200", "200000.00"], "the live table was gone or half")
      state.reads++
    }
  })()
  running.catch(() => undefined)
  return {
    async stop() {
      state.stopped = true
      await running
      return state.reads
    },
  }
}

async function dropSlot(url: string, handle: string): Promise<void> {
  await waitUntil(
    () =>
      onDatabase(url, async (client) => {
        await client.query(
          "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL",
          [handle],
        )
        await client.query("SELECT pg_drop_replication_slot($1)", [handle])
        return true
      }),
    { what: "the slot to be dropped", intervalMs: 1 },
  )
}

test("a slot dropped by hand: everything is resynced, and the tables stay readable meanwhile", async (context) => {
  const source = await bank(context)
  const { place, api, handle } = await streaming(context, source.url, source.name)
  const load = startWorkload(context, source.url, 21)
  const watch = watchTable(place)
  await dropSlot(source.url, handle)
  const message = await api.reports("bank", "SOURCE_HISTORY_LOST")
  assert.match(message, /resynced/)
  await resyncedByLoss(place)
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await load.stop()
  await becomesEqual(place, source.url, "bank")
  assert.ok((await watch.stop()) > 3)
})

test("WAL gone while Millrace was away: everything is resynced", async (context) => {
  const { url } = await bankServer(context, {
    max_slot_wal_keep_size: "16MB",
    min_wal_size: "32MB",
    max_wal_size: "48MB",
  })
  const { place, api, running, handle } = await streaming(context, url, "bank")
  await running.terminate()
  await onDatabase(url, async (client) => {
    await client.query("UPDATE accounts SET owner = owner || ' changed unseen'")
    await client.query("CREATE TABLE ballast (text text)")
    await waitUntil(
      async () => {
        await client.query("INSERT INTO ballast SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
        await client.query("CHECKPOINT")
        const { rows } = await client.query(
          "SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1",
          [handle],
        )
        return rows[0]?.wal_status === "lost"
      },
      { what: "the slot to be lost" },
    )
    await client.query("DROP TABLE ballast")
  })
  await place.start()
  const watch = watchTable(place)
  await resyncedByLoss(place)
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await becomesEqual(place, url, "bank")
  await watch.stop()
})

test("the publication dropped: noticed at the next change, everything is resynced", async (context) => {
  const source = await bank(context)
  const { place, api, handle } = await streaming(context, source.url, source.name)
  await onDatabase(source.url, async (client) => {
    await client.query(`DROP PUBLICATION ${handle}`)
    await client.query("UPDATE accounts SET owner = owner || ' without publication' WHERE id < 50")
  })
  await resyncedByLoss(place)
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await becomesEqual(place, source.url, "bank")
})

test("the publication dropped while Millrace was away: everything is resynced", async (context) => {
  const source = await bank(context)
  const { place, api, running, handle } = await streaming(context, source.url, source.name)
  await running.terminate()
  await onDatabase(source.url, async (client) => {
    await client.query(`DROP PUBLICATION ${handle}`)
    await client.query("UPDATE accounts SET owner = owner || ' without publication' WHERE id < 50")
  })
  await place.start()
  await resyncedByLoss(place)
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await becomesEqual(place, source.url, "bank")
})

test("the slot in use by another client: reported, and taken back when that one is gone", async (context) => {
  const source = await bank(context)
  const { place, api, running, handle } = await streaming(context, source.url, source.name)
  await running.terminate()
  const thief = await readSlot(source.url, handle)
  atEnd(context, async () => thief.destroy())
  await place.start()
  const message = await api.reports("bank", "SOURCE_STREAM_IN_USE")
  assert.match(message, /Another client reads in our name/)
  assert.equal((await api.describe("bank"))?.Status, "needs_attention")
  await onDatabase(source.url, (client) =>
    client.query("UPDATE accounts SET owner = owner || '!' WHERE id < 9"),
  )
  thief.destroy()
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})

/** A client that holds the slot and confirms nothing. */
async function readSlot(url: string, handle: string): Promise<{ destroy(): void }> {
  const config: pg.ClientConfig & { replication: string } = { connectionString: url, replication: "database" }
  const client = new pg.Client(config)
  client.on("error", () => undefined)
  await client.connect()
  client
    .query(`START_REPLICATION SLOT ${handle} LOGICAL 0/0 (proto_version '1', publication_names '${handle}')`)
    .catch(() => undefined)
  await waitUntil(
    () =>
      onDatabase(url, async (other) => {
        const { rows } = await other.query("SELECT active FROM pg_replication_slots WHERE slot_name = $1", [
          handle,
        ])
        return rows[0]?.active === true
      }),
    { what: "the slot to be taken" },
  )
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  return { destroy: () => connection.stream.destroy() }
}

test("the password changed at the source: reported, and taken up when it is right again", async (context) => {
  const { url, server } = await bankServer(context)
  await onDatabase(url, async (client) => {
    await client.query("CREATE ROLE mover LOGIN REPLICATION SUPERUSER PASSWORD 'pw-first-MARKER'")
  })
  const mine = new URL(url)
  mine.username = "mover"
  mine.password = "pw-first-MARKER"
  const { place, api } = await streaming(context, mine.href, "bank")
  const admin = server.url("bank")
  await onDatabase(admin, async (client) => {
    await client.query("ALTER ROLE mover PASSWORD 'another'")
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mover'")
  })
  const message = await api.reports("bank", "SOURCE_LOGIN_REFUSED")
  assert.match(message, /Correct the source's user name, password or keys/)
  await onDatabase(admin, async (client) => {
    await client.query("UPDATE accounts SET owner = owner || '?' WHERE id < 9")
    await client.query("ALTER ROLE mover PASSWORD 'pw-first-MARKER'")
  })
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await caughtUp(place, admin, "bank")
  await assertEqualContent(place, admin, "bank")
})

test("the source restored to an earlier time: everything is resynced, what was undone is gone", async (context) => {
  const { url, server } = await bankServer(context)
  const { place, api, running } = await streaming(context, url, "bank")
  const data = await dataFolderOf(url)
  await running.terminate()
  await server.stop()
  await run("cp", ["-a", data, `${data}.earlier`])
  await server.restart()
  const again = await place.start()
  await onDatabase(url, (client) => client.query("UPDATE accounts SET owner = 'to be undone' WHERE id < 100"))
  await caughtUp(place, url, "bank")
  await again.terminate()
  await server.stop()
  await run("rm", ["-r", data])
  await run("mv", [`${data}.earlier`, data])
  await server.restart()
  await place.start()
  await resyncedByLoss(place)
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await becomesEqual(place, url, "bank")
})

async function dataFolderOf(url: string): Promise<string> {
  const { rows } = await onDatabase(url, (client) =>
    client.query<{ data_directory: string }>("SHOW data_directory"),
  )
  return rows[0]?.data_directory ?? ""
}
