import assert from "node:assert/strict"
import { test } from "node:test"
import { newRefusalRate } from "./refusal-rate.ts"

test("a hundred refusals of a key are kept at once, then one a second; another key is not concerned", () => {
  let nowMs = 0
  const rate = newRefusalRate(() => nowMs)
  const keptAt = (key: string, id: number) => Number(rate.newest(key, String(id)))
  for (let id = 1; id <= 100; id++) assert.equal(keptAt("a", id), id)
  for (let id = 101; id <= 300; id++) assert.equal(keptAt("a", id), 100)
  assert.equal(keptAt("b", 301), 301)
  nowMs += 1_000
  assert.equal(keptAt("a", 302), 302)
  assert.equal(keptAt("a", 303), 302)
  nowMs += 500
  assert.equal(keptAt("a", 304), 302)
  nowMs += 500
  assert.equal(keptAt("a", 305), 305)
})
