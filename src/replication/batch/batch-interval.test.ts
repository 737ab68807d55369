import assert from "node:assert/strict"
import { test } from "node:test"
import { newBatchInterval } from "./batch-interval.ts"

test("after a batch it rests for the interval, then wakes; what is behind does not rest", (context) => {
  context.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_000_000 })
  let intervalMs = 60_000
  let woken = 0
  const batchInterval = newBatchInterval({ intervalMs: () => intervalMs, wake: () => void woken++ })
  assert.equal(batchInterval.rests(), false, "the first batch does not wait")
  batchInterval.applied({ lastCommittedAtMs: 1_000_000, visibleAtMs: 1_000_000 })
  context.mock.timers.tick(59_000)
  assert.deepEqual([batchInterval.rests(), woken], [true, 0])
  context.mock.timers.tick(1_000)
  assert.deepEqual([batchInterval.rests(), woken], [false, 1])

  batchInterval.applied({ lastCommittedAtMs: Date.now() - 70_000, visibleAtMs: Date.now() })
  assert.equal(batchInterval.rests(), false, "a backlog goes on at once")

  batchInterval.applied({ lastCommittedAtMs: Date.now(), visibleAtMs: Date.now() })
  intervalMs = 10_000
  batchInterval.intervalChanged()
  context.mock.timers.tick(10_000)
  assert.deepEqual([batchInterval.rests(), woken], [false, 2])
  intervalMs = 0
  batchInterval.applied({ lastCommittedAtMs: Date.now(), visibleAtMs: Date.now() })
  assert.equal(batchInterval.rests(), false)
  batchInterval.stop()
})

test("a clock that is set back does not make the next batch wait for as long", () => {
  const batchInterval = newBatchInterval({ intervalMs: () => 60_000, wake: () => undefined })
  const ahead = Date.now() + 3_600_000
  batchInterval.applied({ lastCommittedAtMs: ahead, visibleAtMs: ahead })
  assert.equal(batchInterval.rests(), false)
  batchInterval.stop()
})
