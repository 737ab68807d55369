import assert from "node:assert/strict"
import { describe, it } from "node:test"
import pg from "pg"
import { Fault } from "../../src/domain/faults.ts"
import { openStore } from "../../src/state/store.ts"
import { testDatabase, testServer } from "../support/postgres.ts"
import { anIntegration, insertInto } from "./integration-fixture.ts"

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
    assert.deepEqual(await query(database.url, "select number from millrace.migrations order by 1"), [
      { number: 1 },
    ])
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
    await assert.rejects(store.ping(), isUnavailable)
    await assert.rejects(insertInto(store, anIntegration()), isUnavailable)
    await server.restart()
    await store.ping()
    const recorded = await insertInto(store, anIntegration())
    assert.deepEqual(await store.integrations.all(), [recorded])
    assert.ok(broken.length > 0)
    await store.close()
    await server.remove()
  })
})
