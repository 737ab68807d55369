import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank, bankServer } from "../source.ts"
import { ask, assertEqualContent, caughtUp } from "../warehouse.ts"
import { createTables, onDatabase } from "../workload.ts"

const child = join(import.meta.dirname, "..", "..", "crash", "child.ts")

async function leftAt(url: string): Promise<string[]> {
  const { rows } = await onDatabase(url, (client) =>
    client.query<{ name: string }>(
      `SELECT slot_name AS name FROM pg_replication_slots WHERE database = current_database()
       UNION ALL SELECT pubname FROM pg_publication`,
    ),
  )
  return rows.map((row) => row.name)
}

test("deleted: nothing is left at the source, the copied rows stay readable; made anew under the same name", async (context) => {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  const first = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  await api.delete("bank")
  await api.gone("bank")
  assert.deepEqual(await leftAt(source.url), [])
  assert.deepEqual(await ask(place, "bank", "SELECT sum(balance) FROM accounts"), [["200000.00"]])

  await onDatabase(source.url, async (client) => {
    await client.query("UPDATE accounts SET owner = owner || ' later' WHERE id < 50")
    await client.query("ALTER TABLE journal RENAME TO diary")
  })
  await first.terminate()
  await place.start()
  assert.deepEqual(await ask(place, "bank", "SELECT sum(balance) FROM accounts"), [["200000.00"]])
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank", ["accounts", "entries", "diary", "sentinel"])
  await assert.rejects(ask(place, "bank", "SELECT * FROM journal"), { code: "42P01" })
})

test("a create that lacks privileges says which, leaves nothing at the source, and goes on when they are granted", async (context) => {
  const { url, server } = await bankServer(context)
  await onDatabase(url, (client) => client.query("CREATE ROLE mover LOGIN PASSWORD 'pw-mover-MARKER'"))
  const mine = new URL(url)
  mine.username = "mover"
  mine.password = "pw-mover-MARKER"
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: mine.href }] })
  await place.start()
  const api = apiOf(place)
  await api.create("bank", "include: bank.public.*")
  const message = await api.reports("bank", "SOURCE_SETTINGS_WRONG")
  assert.match(message, /ALTER ROLE "mover" REPLICATION;/)
  assert.match(message, /GRANT CREATE ON DATABASE "bank" TO "mover";/)
  assert.deepEqual(await leftAt(server.url("bank")), [])
  await api.delete("bank")
  await api.gone("bank")
  assert.deepEqual(await leftAt(server.url("bank")), [])

  await api.create("bank-two", "include: bank.public.*")
  await api.becomes("bank-two", "needs_attention")
  await onDatabase(url, async (client) => {
    await client.query("ALTER ROLE mover REPLICATION")
    await client.query("GRANT CREATE ON DATABASE bank TO mover")
    for (const table of ["accounts", "entries", "journal", "sentinel"])
      await client.query(`ALTER TABLE ${table} OWNER TO mover`)
  })
  assert.deepEqual(await api.becomes("bank-two", "active"), [])
  await caughtUp(place, url, "bank_two")
  await assertEqualContent(place, url, "bank_two")
})

test("all slots taken: reported with the statement that mends it; nothing is left; goes on when one is free", async (context) => {
  const { url } = await bankServer(context, { max_replication_slots: 1 })
  await onDatabase(url, (client) =>
    client.query("SELECT pg_create_logical_replication_slot('taken', 'pgoutput')"),
  )
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.start()
  const api = apiOf(place)
  await api.create("bank", "include: bank.public.*")
  const message = await api.reports("bank", "SOURCE_SETTINGS_WRONG")
  assert.match(message, /ALTER SYSTEM SET max_replication_slots = 11/)
  assert.deepEqual(await leftAt(url), ["taken"])
  await onDatabase(url, (client) => client.query("SELECT pg_drop_replication_slot('taken')"))
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await caughtUp(place, url, "bank")
  await assertEqualContent(place, url, "bank")
})

test("deleted while the source is down: ends within its limit, says what was left; other integrations go on", async (context) => {
  const { url, server } = await bankServer(context)
  const other = await bank(context)
  const otherArn = sourceArn.replace("orders", "other")
  const place = await newPlace(context, {
    sources: [
      { arn: sourceArn, url },
      { arn: otherArn, url: other.url },
    ],
  })
  const running = await place.start()
  const api = apiOf(place)
  await api.create("bank", "include: bank.public.*")
  await api.becomes("bank", "active")
  const [slot] = await leftAt(url)
  await server.stop()
  await api.becomes("bank", "needs_attention")
  await api.delete("bank")
  await api.create("other", `include: ${other.name}.public.*`, otherArn)
  await api.becomes("other", "active")
  assert.equal((await api.describe("bank"))?.Status, "deleting")
  await running.terminate()
  await place.start({ MILLRACE_TEST_ENTRY: child, MILLRACE_TEST_PATIENCE_MS: "1000" })
  await api.gone("bank")
  assert.match(place.output(), new RegExp(`${slot}.*drop the replication slot and the publication`))
  assert.ok(place.output().includes(`SELECT pg_drop_replication_slot('${slot}')`))
  assert.deepEqual(await ask(place, "bank", "SELECT sum(balance) FROM accounts"), [["200000.00"]])
  await server.restart()
  await waitUntil(async () => (await leftAt(url)).length === 0, {
    what: "what was left to be removed",
    timeoutMs: 60_000,
  })
})

test("deleted while the source is down, and the source comes back: nothing is left there", async (context) => {
  const { url, server } = await bankServer(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  const first = await place.start()
  const api = apiOf(place)
  await api.create("bank", "include: bank.public.*")
  await api.becomes("bank", "active")
  await server.stop()
  await api.becomes("bank", "needs_attention")
  await api.delete("bank")
  await first.kill9()
  await place.start()
  await server.restart()
  await api.gone("bank", 20_000)
  assert.deepEqual(await leftAt(url), [])
})

test("renamed: goes on into the same database, also after a restart", async (context) => {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  const first = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  await api.rename("bank", "treasury")
  await api.becomes("treasury", "active")
  await first.kill9()
  await place.start()
  await onDatabase(source.url, (client) => client.query("UPDATE accounts SET owner = owner || ' renamed'"))
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})

test("several databases in one filter, and two integrations beside one another", async (context) => {
  const [one, two, three] = [await bank(context), await bank(context), await bank(context)]
  const base = new URL(one.url)
  base.pathname = "/postgres"
  // One integration per pair of source and target: the same server under a second name.
  const otherArn = sourceArn.replace("orders", "other")
  const sources = [sourceArn, otherArn].map((arn) => ({ arn, url: base.href }))
  const place = await newPlace(context, { sources })
  const first = await place.start()
  const api = apiOf(place)
  await api.create("pair", `include: ${one.name}.public.*, include: ${two.name}.public.*`)
  await api.becomes("pair", "active")
  await api.create("single", `include: ${three.name}.public.*`, otherArn)
  await api.becomes("single", "active")
  await first.kill9()
  await place.start()
  for (const [source, database] of [
    [one, `pair_${one.name}`],
    [two, `pair_${two.name}`],
    [three, "single"],
  ] as const) {
    await onDatabase(source.url, (client) =>
      client.query("UPDATE accounts SET owner = owner || ' of ' || current_database()"),
    )
    await caughtUp(place, source.url, database)
    await assertEqualContent(place, source.url, database)
  }
  await api.delete("pair")
  await api.gone("pair")
  assert.deepEqual(await leftAt(one.url), [])
  assert.equal((await leftAt(three.url)).length, 2)
  await caughtUp(place, three.url, "single")
})

test("a database that does not exist: reported; taken up when it is made", async (context) => {
  const { server } = await bankServer(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: server.url() }] })
  await place.start()
  const api = apiOf(place)
  await api.create("late", "include: late.public.*")
  const [error] = await api.becomes("late", "needs_attention")
  assert.match(error?.message ?? "", /database "late" does not exist/)
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  await client.query("CREATE DATABASE late")
  await client.end()
  await onDatabase(server.url("late"), (made) => createTables(made, 10))
  await api.becomes("late", "active")
  await caughtUp(place, server.url("late"), "late")
})
