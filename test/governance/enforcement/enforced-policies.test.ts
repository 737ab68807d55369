import assert from "node:assert/strict"
import { test } from "node:test"
import type pg from "pg"
import { startGovernanceWatch } from "../../../src/control-plane/governance/enforcement/governance-watch.ts"
import { replaceAttributes } from "../../../src/state/governance/attributes.ts"
import { patchPerson } from "../../../src/state/governance/people.ts"
import { insertRule } from "../../../src/state/governance/source-rules.ts"
import { openStore, type Store } from "../../../src/state/store.ts"
import { stateDatabase } from "../../support/postgres/state-database.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { governedWarehouse, ownRegion, subscribe, subscribedOnly } from "./governed-state.ts"

interface Seen {
  region: string
  name: string
  count: number
}

/** By region: how many people, and one of their names. Asked again where the policies changed while it was answered. */
async function regionsSeen(client: pg.Client): Promise<Seen[]> {
  return await askRegions(client).catch((error: { code?: string }) => {
    if (error.code === "40001") return regionsSeen(client)
    throw error
  })
}

async function askRegions(client: pg.Client): Promise<Seen[]> {
  const { rows } = await client.query<Seen>(
    "SELECT region, min(name) AS name, count(*)::int AS count FROM people GROUP BY region ORDER BY region",
  )
  return rows
}

test("policies of the state database hold for open sessions: no rule, a rule, a subscription, an attribute", async (t) => {
  const { ada, source, addPolicy, change, userClient, admin } = await governedWarehouse(t)
  const [client, stranger] = [await userClient("ada"), await userClient("bob")]
  await waitUntil(async () => (await regionsSeen(client)).length === 0, { what: "no rows without a policy" })
  await addPolicy(subscribedOnly)
  await addPolicy(ownRegion)
  await change((now) => subscribe(now, source.id, ada.id))
  await change((now) =>
    replaceAttributes(now, { kind: "person", id: ada.id }, new Map([["region", ["north"]]])),
  )
  await waitUntil(async () => (await regionsSeen(client)).length === 1, {
    what: "rows of the person's region",
  })
  const [north] = await regionsSeen(client)
  assert.equal(north?.region, "north")
  assert.equal(north.count, 500)
  assert.match(north.name, /^[0-9a-f]{64}$/)
  // Has no profile.
  assert.deepEqual(await regionsSeen(stranger), [])
  assert.equal((await regionsSeen(admin)).length, 2)
  await change((now) => patchPerson(now, ada.id, { isDisabled: true }))
  await waitUntil(async () => (await regionsSeen(client)).length === 0, {
    what: "no rows for who is disabled",
  })
})

test("readers that read throughout changes see what was or what is, and nothing in clear", async (t) => {
  const { ada, source, addPolicy, change, userClient } = await governedWarehouse(t)
  const owner = { kind: "person", id: ada.id } as const
  const live = (region: string) =>
    change((now) => replaceAttributes(now, owner, new Map([["region", [region]]])))
  await addPolicy(subscribedOnly)
  await addPolicy(ownRegion)
  await change((now) => subscribe(now, source.id, ada.id))
  await live("north")
  const clients = [await userClient("ada"), await userClient("ada")]
  const [watcher] = clients
  assert.ok(watcher)
  await waitUntil(async () => (await regionsSeen(watcher)).length === 1, { what: "rows of the first region" })
  let isOver = false
  const answers = new Set<string>()
  const reading = clients.map(async (client) => {
    while (!isOver) {
      const seen = await regionsSeen(client)
      answers.add(JSON.stringify(seen.map(({ region, count }) => [region, count])))
      for (const { name } of seen) assert.match(name, /^[0-9a-f]{64}$/)
    }
  })
  try {
    for (const region of ["south", "north", "south", "north"]) {
      await live(region)
      const from = performance.now()
      await waitUntil(async () => (await regionsSeen(watcher))[0]?.region === region, { what: region })
      t.diagnostic(`a changed attribute held after ${Math.round(performance.now() - from)} ms`)
    }
  } finally {
    isOver = true
  }
  await Promise.all(reading)
  assert.deepEqual([...answers].sort(), ['[["north",500]]', '[["south",500]]'])
})

test("a table of a database that a rule governs is closed from its first row on, and under any name", async (t) => {
  const { instance, change, userClient } = await governedWarehouse(t)
  const client = await userClient("ada")
  assert.equal((await client.query("SELECT 1 FROM orders LIMIT 1")).rowCount, 1)
  await change((now) =>
    insertRule(
      now,
      {
        connectionKey: "shop",
        integrationName: "shop",
        database: "shop",
        schema: undefined,
        formats: { source: "<database> <schema> <tablename>", viewSchema: "governed", view: "<tablename>" },
        tags: [],
        owners: [],
      },
      "test",
    ),
  )
  const refused = (name: string) =>
    client.query(`SELECT * FROM ${name}`).then(
      () => false,
      (error: { code?: string; message: string }) => {
        assert.equal(error.code, "42501")
        assert.match(error.message, /governed by a rule/)
        return true
      },
    )
  await waitUntil(() => refused("orders"), { what: "the rule to hold" })
  const connection = await instance.connect()
  await connection.run("CREATE TABLE shop.public.fresh AS SELECT 'canary' AS secret")
  assert.ok(await refused("fresh"))
  await connection.run("ALTER TABLE shop.public.people RENAME TO persons")
  assert.ok(await refused("persons"))
  await connection.run(
    "CREATE OR REPLACE TABLE shop.public.people AS SELECT 1 AS id, 'r' AS region, 'canary' AS name, 1.0 AS salary",
  )
  await waitUntil(async () => (await client.query("SELECT * FROM people")).rowCount === 0, {
    what: "the columns to be recorded, and no rows without a policy",
  })
  connection.closeSync()
})

test("what was read too long ago is unknown, unless nothing was governed", async () => {
  const state = await stateDatabase()
  const store = await openStore(state.url)
  const options = { store: store.governance, onError: () => undefined, everyMs: 3_600_000, trustedForMs: 0 }
  try {
    const nothing = await startGovernanceWatch(options)
    assert.equal(nothing.now().kind, "known")
    await nothing.stop()
    await store.governance.change((now) =>
      insertRule(
        now,
        {
          connectionKey: "k",
          integrationName: undefined,
          database: "shop",
          schema: undefined,
          formats: { source: "<tablename>", viewSchema: "governed", view: "<tablename>" },
          tags: [],
          owners: [],
        },
        "test",
      ),
    )
    const some = await startGovernanceWatch(options)
    assert.equal(some.now().kind, "unknown")
    await some.stop()
  } finally {
    await store.close()
    await state.drop()
  }
})

test("a policy whose document cannot be read closes the table, and says why", async (t) => {
  const { addPolicy, userClient } = await governedWarehouse(t)
  const client = await userClient("ada")
  await addPolicy({ policyKey: "odd", name: "Odd", type: "data" })
  await waitUntil(
    () =>
      client.query("SELECT * FROM people").then(
        () => false,
        ({ code, message }: { code: string; message: string }) =>
          code === "42501" && message.includes('policy "Odd" cannot be read'),
      ),
    { what: "the table to be closed" },
  )
})

test("an administrator's read of a governed table is in the audit trail", async (t) => {
  const { store, admin } = await governedWarehouse(t)
  await admin.query("SELECT count(*) FROM orders")
  await waitUntil(
    async () => {
      await admin.query("SELECT count(*) FROM people")
      return (await readsNoted(store)).length > 0
    },
    { what: "an entry" },
  )
  assert.deepEqual(await readsNoted(store), [["admin", "shop.public.people", "ok"]])
})

async function readsNoted({ audit }: Store) {
  const entries = await audit.list({ since: undefined, limit: 100 })
  const reads = entries.filter(({ operation }) => operation === "ReadGovernedTable")
  return reads.map(({ accessKeyId, resource, outcome }) => [accessKeyId, resource, outcome])
}
