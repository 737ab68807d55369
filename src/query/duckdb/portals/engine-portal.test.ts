import assert from "node:assert/strict"
import { test } from "node:test"
import { DuckDBDataChunk, type DuckDBResult, VARCHAR } from "@duckdb/node-api"
import { wireTypeOf } from "../values/value-types.ts"
import { enginePortal } from "./engine-portal.ts"

/** Sizes of the batches in which rows of so many characters come. */
async function batchesOf(rows: number, characters: number): Promise<number[]> {
  const chunk = DuckDBDataChunk.create([VARCHAR], rows)
  chunk.setRows(Array.from({ length: rows }, () => ["x".repeat(characters)]))
  const chunks = [chunk]
  const type = wireTypeOf(VARCHAR)
  const portal = enginePortal(
    {
      start: async () => ({ columnTypes: () => [VARCHAR], rowsChanged: 0 }) as unknown as DuckDBResult,
      style: () => ({ zone: () => 0, intervals: "postgres" as const }),
      mayShow: () => undefined,
      fetch: async () => chunks.pop() ?? null,
      finished: () => undefined,
    },
    { fields: [], types: [type] },
    [],
    () => "SELECT",
  )
  const sizes: number[] = []
  for (let batch = await portal.next(10_000); batch; batch = await portal.next(10_000))
    sizes.push(batch.rowCount)
  return sizes
}

test("wide rows come a few at a time, narrow ones by the hundred", async () => {
  const wide = await batchesOf(100, 2 ** 20)
  assert.ok(Math.max(...wide) <= 8, String(wide))
  assert.equal(
    wide.reduce((sum, size) => sum + size, 0),
    100,
  )
  const narrow = await batchesOf(2048, 10)
  assert.equal(narrow.at(-2), 512)
  assert.equal(
    narrow.reduce((sum, size) => sum + size, 0),
    2048,
  )
})
