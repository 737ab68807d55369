import assert from "node:assert/strict"
import { test } from "node:test"
import { newThrottle } from "./throttle.ts"

test("a burst, then so many a second, each key by itself", () => {
  const throttle = newThrottle({ perSecond: 10, burst: 3 })
  const taken = (key: string, nowMs: number) => throttle.take(key, nowMs) === undefined
  assert.deepEqual([taken("a", 0), taken("a", 0), taken("a", 0), taken("a", 0)], [true, true, true, false])
  assert.ok(taken("b", 0))
  assert.deepEqual(throttle.take("a", 50), { waitMs: 50 })
  assert.ok(taken("a", 100))
  assert.ok(!taken("a", 100))
  assert.deepEqual([taken("a", 9_000), taken("a", 9_000), taken("a", 9_000)], [true, true, true])
  assert.ok(!taken("a", 9_000), "a pause saves up no more than a burst")
})

test("a clock that goes back gives and takes nothing", () => {
  const throttle = newThrottle({ perSecond: 1, burst: 1 })
  assert.equal(throttle.take("a", 5_000), undefined)
  assert.deepEqual(throttle.take("a", 0), { waitMs: 1_000 })
  assert.equal(throttle.take("a", 1_000), undefined)
})
