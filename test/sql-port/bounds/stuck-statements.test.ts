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
  const others = async () => {
    assert.deepEqual((await admin.query("SELECT 1 AS n")).rows, [{ n: 1 }])
    assert.deepEqual((await other.query("SELECT 1 AS n")).rows, [{ n: 1 }])
  }
  // What a session looks up for its first statement is not what is tested.
  await others()
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
  let answered = 0
  while (!isOver) {
    await others()
    if (!isOver) answered++
  }
  // Whoever waited for them would be answered after them. How many more are answered depends on the machine.
  assert.ok(answered > 0, "others were answered when the stuck statements had ended")
  assert.deepEqual(new Set(await stuck), new Set(["57014"]))
})
