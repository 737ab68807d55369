import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { testWarehouse } from "../warehouse.ts"

const mebibyte = 2 ** 20
/** The process itself comes and goes by some hundred megabytes. */
const limits = { statementBytes: 256 * mebibyte, allBytes: 384 * mebibyte, spillBytes: 64 * mebibyte }

function isStopped(code: string) {
  return (error: unknown) => {
    assert.ok(error instanceof pg.DatabaseError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.hint ?? "", /sql_limits/)
    return true
  }
}

/**
 * Stopped for itself, or, as the one who holds the most, for what all hold together (with another statement beside it
 * some of its memory may be charged to that one), or, where this process comes late, by the engine's own limit.
 */
function isStoppedAsTheLargest(error: unknown): boolean {
  assert.ok(error instanceof pg.DatabaseError, String(error))
  assert.equal(error.code, "53200", error.message)
  assert.match(error.hint ?? "", /sql_limits|held the most|at once/)
  return true
}

/** What the engine counts, what it does not, and what comes of it row by row. */
const greedy = [
  "SELECT len(list(x)) FROM range(1000000000) t(x)",
  "SELECT x % 1000 AS g, len(list(x)) FROM range(1000000000) t(x) GROUP BY g",
  "SELECT len(string_agg(hash(x)::varchar, ',')) FROM range(1000000000) t(x)",
  "SELECT median(hash(x)) FROM range(1000000000) t(x)",
  "EXPLAIN ANALYZE SELECT mode(x) FROM range(1000000000) t(x)",
  "SELECT len(list(repeat('x', 1000) || x)) FROM range(1000000000) t(x)",
]

test("a statement that hoards memory is stopped and says so; replication and other sessions go on", async (t) => {
  const { client: connect, instance } = await testWarehouse(t, {
    memory: limits,
    memoryLimitBytes: 1024 * mebibyte,
  })
  const [hoarder, other] = [await connect("analyst", "shop"), await connect("analyst", "shop")]
  const writer = await instance.connect()
  t.after(() => writer.closeSync())
  let isOver = false
  let rounds = 0
  const others = (async () => {
    for (; !isOver; rounds++) {
      await writer.run("UPDATE shop.public.orders SET amount = amount + 1 WHERE id < 100")
      assert.equal((await other.query("SELECT count(*)::int AS n FROM orders")).rows[0].n, 1000)
    }
  })()
  for (const sql of greedy) {
    await assert.rejects(hoarder.query(sql), isStoppedAsTheLargest, sql)
    // What it held is charged to it no more.
    assert.equal((await hoarder.query("SELECT sum(id)::int AS n FROM orders")).rows[0].n, 499500)
  }
  isOver = true
  await others
  assert.ok(rounds > 1, `${rounds} rounds`)
})

test("rows kept for later count: of a cursor that outlives its transaction, too", async (t) => {
  const { client: connect } = await testWarehouse(t, { memory: limits })
  const client = await connect("analyst", "shop")
  const wide = (bytes: number) => `SELECT repeat('x', ${bytes}) || x AS text FROM range(900000) t(x)`
  await assert.rejects(client.query(`DECLARE c CURSOR WITH HOLD FOR ${wide(2000)}`), isStopped("53200"))
  // Row by row it would be nothing.
  await client.query("BEGIN")
  await client.query(`DECLARE c CURSOR FOR ${wide(400)}`)
  await client.query("MOVE ALL FROM c")
  await client.query("ROLLBACK")
})

test("what is set aside on disk has a limit of its own", async (t) => {
  const { client: connect } = await testWarehouse(t, { memory: limits, memoryLimitBytes: 128 * mebibyte })
  const client = await connect("analyst", "shop")
  const sorted = (rows: number) =>
    `SELECT count(*)::int AS n FROM (SELECT x FROM range(${rows}) t(x) ORDER BY hash(x) LIMIT 100000000)`
  await assert.rejects(client.query(sorted(40_000_000)), isStopped("53400"))
  assert.deepEqual((await client.query(sorted(1_000_000))).rows, [{ n: 1_000_000 }])
})

test("a statement that takes its time, but little memory, is left alone", async (t) => {
  const { client: connect } = await testWarehouse(t, { memory: limits })
  const [modest, hoarder] = [await connect("analyst", "shop"), await connect("analyst", "shop")]
  let isDone = false
  // Long enough to be there until the other is stopped.
  const counted = modest
    .query("SELECT count(*)::int AS n FROM range(600000000) t(x) WHERE hash(x) % 7 = 1")
    .finally(() => {
      isDone = true
    })
  // Statements that begin at the same moment cannot be told apart: this takes some looks at the memory.
  await hoarder.query("SELECT count(*)::int AS n FROM range(50000000) t(x) WHERE hash(x) % 7 = 1")
  await assert.rejects(hoarder.query(greedy[0] ?? ""), isStoppedAsTheLargest)
  assert.equal(isDone, false, "both ran at once")
  await waitUntil(() => isDone, { what: "the modest statement" })
  assert.ok((await counted).rows[0].n > 8_000_000)
})
