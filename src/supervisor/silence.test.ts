import assert from "node:assert/strict"
import { test } from "node:test"
import { newSilence } from "./silence.ts"

test("silence counts from the first word on, and each word begins it anew", () => {
  const silence = newSilence()
  const passed = (times: number) => Array.from({ length: times }, () => silence.passed(2))
  assert.deepEqual(passed(5), [false, false, false, false, false])
  silence.heard()
  assert.deepEqual(passed(2), [false, false])
  silence.heard()
  assert.deepEqual(passed(3), [false, false, true])
})

test("an interval in which the process waited for a processor counts for what it had of one, up to a limit", () => {
  const silence = newSilence()
  silence.heard()
  const waiting = Array.from({ length: 8 }, () => silence.passed(2, 0.25))
  assert.ok(waiting.every((isTooLong) => !isTooLong))
  assert.equal(silence.passed(2, 0.25), true)
  silence.heard()
  let intervals = 1
  while (!silence.passed(2, 0)) intervals++
  assert.equal(intervals, 2 * 24 + 1)
})
