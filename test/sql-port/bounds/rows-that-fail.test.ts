import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import Cursor from "pg-cursor"
import { testWarehouse } from "../warehouse.ts"

/** Fails when some rows are under way already: these are wide, as the engine reads a little ahead. */
const failing =
  "SELECT CASE WHEN i = 40000 THEN 'no number' ELSE i::varchar END::int AS i, repeat('x', 200) FROM range(50000) t(i)"

function isConversion(error: unknown): boolean {
  assert.ok(error instanceof pg.DatabaseError, String(error))
  assert.equal(error.code, "22P02", error.message)
  assert.match(error.message, /no number/)
  return true
}

test("an error behind the first rows is an error, not the end of the rows", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  await assert.rejects(client.query(failing), isConversion)
  await assert.rejects(client.query({ text: `${failing} WHERE i <> $1`, values: [7] }), isConversion)
  assert.deepEqual((await client.query("SELECT 1 AS fine")).rows, [{ fine: 1 }])
})

test("in a transaction it fails the transaction", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  await client.query("BEGIN")
  await assert.rejects(client.query(failing), isConversion)
  await assert.rejects(client.query("SELECT 1"), { code: "25P02" })
  await client.query("ROLLBACK")
  assert.deepEqual((await client.query("SELECT 1 AS fine")).rows, [{ fine: 1 }])
})

test("so it does through portals, cursors and COPY", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  const cursor = client.query(new Cursor(failing))
  await assert.rejects(async () => {
    while ((await cursor.read(10_000)).length > 0);
  }, isConversion)
  await assert.rejects(client.query(`DECLARE c CURSOR WITH HOLD FOR ${failing}`), isConversion)
  await client.query("BEGIN")
  // Where the failing row is met depends on how far the engine reads ahead.
  await assert.rejects(client.query(`DECLARE c CURSOR FOR ${failing}; FETCH ALL FROM c`), isConversion)
  await client.query("ROLLBACK")
  await assert.rejects(client.query(`COPY (${failing}) TO STDOUT`), isConversion)
})

test("a statement that is cancelled among its rows fails", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  await client.query("SET statement_timeout = '200ms'")
  await assert.rejects(client.query("SELECT i FROM range(100000000) t(i)"), { code: "57014" })
})

test("a result wider than any table fails before it costs anything", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  const wide = (columns: number) => `SELECT ${"1,".repeat(columns - 1)}1`
  await assert.rejects(client.query(wide(5_001)), { code: "54011" })
  await assert.rejects(client.query(`COPY (${wide(5_001)}) TO STDOUT`), { code: "54011" })
  const { fields } = await client.query(wide(1_700))
  assert.equal(fields.length, 1_700)
})
