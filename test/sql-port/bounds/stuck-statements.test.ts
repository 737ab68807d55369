import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { testWarehouse } from "../warehouse.ts"

/** The engine looks for a cancel between two blocks of 2,048 rows; one block of this takes it seconds. */
const uninterruptible = (rows: number) =>
  `SELECT max(damerau_levenshtein(repeat('a', 990) || range, repeat('b', 990) || range)) FROM range(${rows})`

test("statements that heed no cancel are answered, and leave administrators and others their places", async (t) => {
  const { client: connect } = await testWarehouse(t, { statementsAtOnce: 4 })
  const admin = await connect("admin", "shop")
  await admin.query("CREATE USER second PASSWORD 'Passw0rd-of-second'")
  await admin.query("GRANT SELECT ON orders TO second")
  const other = await connect("second", "shop", { password: "Passw0rd-of-second" })
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect("analyst", "shop")))
  for (const client of clients) await client.query("SET statement_timeout = '200ms'")
  let isOver = false
  const stuck = Promise.all(
    clients.map((client) =>
      client.query(uninterruptible(500)).then(
        () => "ok",
        (error: unknown) => (error instanceof pg.DatabaseError ? error.code : "connection lost"),
      ),
    ),
  ).finally(() => {
    isOver = true
  })
  let asked = 0
  while (!isOver) {
    assert.deepEqual((await admin.query("SELECT 1 AS n")).rows, [{ n: 1 }])
    assert.deepEqual((await other.query("SELECT 1 AS n")).rows, [{ n: 1 }])
    asked++
  }
  assert.ok(asked > 3, `${asked} statements of others meanwhile`)
  assert.deepEqual(new Set(await stuck), new Set(["57014"]))
})
