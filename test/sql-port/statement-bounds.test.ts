import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { crashes, endless, fillers, freezes, type Hostile } from "./hostile-statements.ts"
import { testWarehouse } from "./warehouse.ts"

/** How a statement ended: `ok` or the error's code, and what it says. */
async function outcome(client: pg.Client, sql: string): Promise<{ code: string; message: string }> {
  try {
    await client.query(sql)
    return { code: "ok", message: "" }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return { code: error.code ?? "", message: error.message.slice(0, 300) }
  }
}

for (const [kind, statements] of Object.entries({ crashes, freezes, endless, fillers })) {
  test(`${kind}: a user without grants gets an answer, and so does an administrator`, async (t) => {
    const { client: connect } = await testWarehouse(t, { statementsAtOnce: 4, statementTimeoutMs: 30_000 })
    const clients = [await connect("analyst", "shop"), await connect("admin", "shop")]
    const wrong: string[] = []
    for (const [what, sql, ...codes] of statements satisfies Hostile[]) {
      for (const client of clients) {
        const { code, message } = await outcome(client, sql)
        if (!codes.includes(code)) wrong.push(`${what}: ${code} ${message}`)
      }
    }
    assert.deepEqual(wrong, [])
    assert.deepEqual((await clients[0]?.query("SELECT count(*)::int AS n FROM orders"))?.rows, [{ n: 1000 }])
  })
}
