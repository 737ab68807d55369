import assert from "node:assert/strict"
import { test } from "node:test"
import { Problem, type ProblemKind } from "../domain/problems.ts"
import { newRetryWaits } from "./retry-waits.ts"

function waitsAfter(...kinds: ProblemKind[]): number[] {
  const waits = newRetryWaits({
    lookEveryMs: 1,
    advanceEveryMs: 1,
    firstRetryMs: 500,
    longestRetryMs: 30_000,
    longestReconnectMs: 5_000,
  })
  return kinds.map((kind, index) => {
    waits.failed(new Problem(kind, "x"), index === 0)
    return waits.next()
  })
}

const times = (count: number, kind: ProblemKind) => Array.from({ length: count }, () => kind)

test("attempts to reach a source come at least each 5 s, others each 30 s", () => {
  assert.deepEqual(waitsAfter(...times(6, "sourceUnreachable")), [500, 1_000, 2_000, 4_000, 5_000, 5_000])
  assert.equal(waitsAfter(...times(9, "sourceSettings")).at(-1), 30_000)
})

test("a resync begins at once after an outage, and waits longer each time that it fails itself", () => {
  const kinds: ProblemKind[] = [...times(8, "sourceProtocol"), ...times(3, "sourceRestored")]
  assert.deepEqual(waitsAfter(...kinds).slice(-3), [500, 1_000, 2_000])
})
