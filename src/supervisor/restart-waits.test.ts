import assert from "node:assert/strict"
import { test } from "node:test"
import { newRestartWaits } from "./restart-waits.ts"

test("a process that had served is replaced at once; starts that fail in a row lie further and further apart, up to 15 s", () => {
  const waits = newRestartWaits()
  const failed = Array.from({ length: 10 }, () => waits.next(0))
  assert.deepEqual(failed, [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
  assert.equal(waits.next(60_000), 0)
  assert.equal(waits.next(100), 0)
  assert.equal(waits.next(100), 250)
})
