import assert from "node:assert/strict"
import { test } from "node:test"
import { testWarehouse } from "../warehouse.ts"
import { toolQueries } from "./bi-queries.ts"

test("what tools ask of the catalogs is answered", async (t) => {
  const client = await (await testWarehouse(t)).client("analyst", "shop")
  for (const { tool, asks, sql, rows } of toolQueries) {
    await t.test(`${tool}: ${asks}`, async () => {
      const answer = await client.query(sql)
      assert.ok(answer.rows.length >= rows, `${answer.rows.length} rows`)
    })
  }
})
