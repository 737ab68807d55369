import assert from "node:assert/strict"
import { describe, it } from "node:test"
import pg from "pg"
import { Fault } from "../../src/domain/faults.ts"
import { migrations } from "../../src/state/migrations/all.ts"
import { openStore } from "../../src/state/store.ts"
import { debianServer, testDatabase, testServer } from "../support/postgres.ts"
import { waitUntil } from "../support/wait-until.ts"
import { anIntegration, insertInto } from "./integration-fixture.ts"

const tableRest = {
  state: "Synced" as const,
  reason: null,
  keyColumns: [],
  snapshotRows: null,
  verified: null,
  updatedAt: new Date(),
}

const isUnavailable = (error: unknown) => error instanceof Fault && error.kind === "unavailable"

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

describe("opening the state database", () => {
  it("works for several at once, and keeps what is there", async () => {
    const database = await testDatabase()
    const stores = await Promise.all(Array.from({ length: 5 }, () => openStore(database.url)))
    assert.deepEqual(
      await query(database.url, "select number from millrace.migrations order by 1"),
      migrations.map(({ number }) => ({ number })),
    )
    const [first, second] = stores
    assert.ok(first && second)
    const recorded = await insertInto(first, anIntegration())
    assert.deepEqual(await second.integrations.all(), [recorded])
    await Promise.all(stores.map((store) => store.close()))
    const again = await openStore(database.url)
    assert.deepEqual(await again.integrations.all(), [recorded])
    await again.close()
    await database.drop()
  })

  it("leaves alone what a newer Millrace made, and says so", async () => {
    const database = await testDatabase()
    await (await openStore(database.url)).close()
    await query(database.url, "insert into millrace.migrations values (999, 'future')")
    await assert.rejects(openStore(database.url), /version 999.*newer Millrace/)
    await database.drop()
  })

  it("says that nobody answers, without the password", async () => {
    const error = await openStore("postgres://me:s3cret@127.0.0.1:1/x").then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.ok(isUnavailable(error))
    assert.ok(!JSON.stringify([error, String(error), (error as Fault).detail]).includes("s3cret"))
  })
})

describe("a state database that goes away", () => {
  it("is reported as unavailable, and used again when it is back", async () => {
    const server = await testServer()
    const broken: Error[] = []
    const store = await openStore(server.url(), { onIdleError: (error) => broken.push(error) })
    await store.ping()
    await server.kill9()
    // While the end of the connection is not noticed, a query would take it and be told instead.
    await waitUntil(() => broken.length > 0, { what: "the idle connection's error" })
    await assert.rejects(store.ping(), isUnavailable)
    await assert.rejects(insertInto(store, anIntegration()), isUnavailable)
    await server.restart()
    await store.ping()
    const recorded = await insertInto(store, anIntegration())
    assert.deepEqual(await store.integrations.all(), [recorded])
    await store.close()
    await server.remove()
  })
})

describe("a state database that falls silent", () => {
  it("is reported as unavailable within the limit, and the silent connection is not used again", async () => {
    const server = await testServer()
    const store = await openStore(server.url(), { answerTimeoutMs: 2_000 })
    const silent = (await query(
      server.url(),
      "select pid from pg_stat_activity where application_name = 'millrace state'",
    )) as { pid: number }[]
    assert.ok(silent.length > 0)
    for (const { pid } of silent) process.kill(pid, "SIGSTOP")
    try {
      for (const _ of silent) await assert.rejects(insertInto(store, anIntegration()), isUnavailable)
      await store.ping()
      assert.deepEqual(await store.integrations.all(), [])
    } finally {
      for (const { pid } of silent) process.kill(pid, "SIGCONT")
    }
    await store.close()
    await server.remove()
  })
})

describe("a state database of the machine's own, older PostgreSQL", () => {
  it("refuses and drops the same", async (test) => {
    const { server, skip } = await debianServer()
    if (server === undefined) return test.skip(skip)
    const store = await openStore(server.url())
    const given = anIntegration({ status: "active" })
    const recorded = await insertInto(store, given)
    await assert.rejects(insertInto(store, anIntegration({ name: given.name })), /already exists/)
    assert.deepEqual(await store.integrations.list({ after: undefined, limit: 2 }), [recorded])
    const pipeline = {
      integrationId: given.id,
      sourceDatabase: "s",
      destinationDatabase: "d",
      sourceHandle: "h",
    }
    await store.pipelines.put(pipeline)
    await assert.rejects(store.integrations.remove(given.id), /still has pipelines/)
    await store.pipelines.remove(given.id, "s")
    await store.integrations.remove(given.id)
    const { id: tableId } = given
    await store.tables.set({ ...pipeline, tableId, schema: "s", name: "t", ...tableRest })
    assert.deepEqual(await store.tables.all(), [])
    await store.close()
    await server.remove()
  })
})
