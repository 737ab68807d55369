import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { debianServer, testDatabase, testServer } from "./postgres.ts"

async function ask(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

test("a test database is fresh, and gone once dropped, slots included", async () => {
  const database = await testDatabase()
  assert.deepEqual(await ask(database.url, "SELECT 1 FROM pg_class WHERE relname = 'seen'"), [])
  await ask(database.url, "CREATE TABLE seen (n int)")
  await ask(database.url, "SELECT pg_create_logical_replication_slot('held_by_test', 'pgoutput')")
  await database.drop()
  await assert.rejects(ask(database.url, "SELECT 1"), { code: "3D000" })
})

test("a test server survives a kill and comes back on its port with its rows", async () => {
  const server = await testServer()
  const { port, pid } = server
  await ask(server.url(), "CREATE TABLE kept AS SELECT 42 AS answer")
  await server.kill9()
  await assert.rejects(ask(server.url(), "SELECT 1"), { code: "ECONNREFUSED" })
  await server.restart()
  assert.equal(server.port, port)
  assert.notEqual(server.pid, pid)
  assert.deepEqual(await ask(server.url(), "SELECT answer FROM kept"), [{ answer: 42 }])
  await server.remove()
})

test("a server of Debian's packages replicates logically", async (context) => {
  const { server, skip } = await debianServer()
  if (!server) return context.skip(skip)
  assert.deepEqual(await ask(server.url(), "SHOW wal_level"), [{ wal_level: "logical" }])
  await server.remove()
})
