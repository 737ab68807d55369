import assert from "node:assert/strict"
import { once } from "node:events"
import { test } from "node:test"
import type pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { testWarehouse } from "../warehouse.ts"

async function endOf(client: pg.Client): Promise<string | undefined> {
  const [error] = (await once(client, "error")) as [pg.DatabaseError]
  return error.code
}

test("a session that sleeps in a transaction is ended after idle_in_transaction_session_timeout", async (t) => {
  const { client: connect, port } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  await client.query("SET idle_in_transaction_session_timeout = '200ms'")
  // Outside of one it may sleep, and a statement that takes longer is not idle.
  await client.query("SELECT count(*) FROM range(30000000) t(i) WHERE hash(i) % 7 = 1")
  const ended = endOf(client)
  await client.query("BEGIN")
  assert.equal(await ended, "25P03")
  await waitUntil(() => port.connections() === 0, { what: "the session to end" })
})

test("a failed transaction is one, too", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const client = await connect("analyst", "shop", {
    options: "-c idle_in_transaction_session_timeout=200",
  })
  const ended = endOf(client)
  await client.query("BEGIN")
  await assert.rejects(client.query("SELECT nothing"), { code: "42703" })
  assert.equal(await ended, "25P03")
})

test("a session without a transaction is ended after idle_session_timeout, and can have it back", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const [ends, stays] = [await connect("analyst", "shop"), await connect("analyst", "shop")]
  await stays.query("SET idle_session_timeout = 300")
  await stays.query("RESET idle_session_timeout")
  const ended = endOf(ends)
  await ends.query("SET idle_session_timeout = 300")
  assert.equal(await ended, "57P05")
  assert.deepEqual((await stays.query("SELECT 1 AS fine")).rows, [{ fine: 1 }])
})
