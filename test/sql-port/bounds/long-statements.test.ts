import assert from "node:assert/strict"
import { test } from "node:test"
import { testWarehouse } from "../warehouse.ts"

test("a statement that takes long to read does not hold up those of others", async (t) => {
  const { client: connect } = await testWarehouse(t, { statementsAtOnce: 4 })
  const [heavy, light] = [await connect("analyst", "shop"), await connect("analyst", "shop")]
  let isRead = false
  // How it ends does not matter here.
  const long = heavy
    .query(`SELECT 1 WHERE ${Array.from({ length: 30_000 }, (_none, n) => `${n} = ${n}`).join(" AND ")}`)
    .catch(() => undefined)
    .finally(() => {
      isRead = true
    })
  const times: number[] = []
  for (let n = 0; !isRead; n++) {
    const startedMs = performance.now()
    // Always another text: none comes from the cache.
    assert.equal((await light.query(`SELECT ${n} + count(*)::int AS n FROM orders`)).rows[0].n, n + 1000)
    times.push(performance.now() - startedMs)
  }
  await long
  const longestMs = Math.max(...times)
  t.diagnostic(`${times.length} short statements meanwhile, the slowest ${Math.round(longestMs)} ms`)
  assert.ok(times.length >= 5, `${times.length} statements`)
})
