import assert from "node:assert/strict"
import { test } from "node:test"
import { newVectorMemoryLimit } from "./vector-memory-limit.ts"

const tooLarge = { kind: "tableFailed", message: /too large.*more memory, or leave the table out/ }

test("rows that lie within 2,048 of one another count together, others do not", () => {
  const close = newVectorMemoryLimit(1000)
  close.add({ rows: 1, bytes: 300 })
  close.add({ rows: 2000, bytes: 300 })
  assert.throws(() => close.add({ rows: 1, bytes: 1 }), tooLarge)
  const apart = newVectorMemoryLimit(1000)
  for (let i = 0; i < 100; i++) apart.add({ rows: 2048, bytes: 500 })
})

test("of a long part counts what 2,048 of its rows take", () => {
  newVectorMemoryLimit(1000).add({ rows: 2048 * 100, bytes: 50_000 })
  assert.throws(() => newVectorMemoryLimit(1000).add({ rows: 2048 * 100, bytes: 70_000 }), tooLarge)
})
