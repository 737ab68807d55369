import assert from "node:assert/strict"
import { test } from "node:test"
import type pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { testWarehouse } from "../warehouse.ts"

const sessions = 500
/** A login costs both sides thousands of hashes, and here both sides are one process. */
const atOnce = 25

test("500 sessions at once, each with a statement under way; the next is told that there is no room", async (t) => {
  const { port, client } = await testWarehouse(t)
  const clients: pg.Client[] = []
  const open = async () => {
    const made = await client("analyst", "shop")
    clients.push(made)
    return made
  }
  const before = process.memoryUsage().rss
  for (let i = 0; i < sessions; i += atOnce) await Promise.all(Array.from({ length: atOnce }, open))
  assert.equal(port.connections(), sessions)
  const grownMiB = (process.memoryUsage().rss - before) / 2 ** 20
  t.diagnostic(`${sessions} idle sessions: ${Math.round(grownMiB)} MiB, their clients included`)
  assert.ok(grownMiB < 400, `grew by ${Math.round(grownMiB)} MiB`)

  const answers = await Promise.all(
    clients.map((one, n) => one.query("SELECT $1::int + count(*)::int AS n FROM orders", [n])),
  )
  assert.deepEqual(
    answers.map(({ rows }) => rows[0].n),
    clients.map((_client, n) => n + 1000),
  )

  await assert.rejects(client("analyst", "shop"), { code: "53300" })
  await clients.pop()?.end()
  await waitUntil(() => port.connections() === sessions - 1, { what: "the session that left to end" })
  const next = await open()
  assert.deepEqual((await next.query("SELECT 42 AS n")).rows, [{ n: 42 }])
})
