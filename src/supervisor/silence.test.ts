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
