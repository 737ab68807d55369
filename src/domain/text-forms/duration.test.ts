import assert from "node:assert/strict"
import { test } from "node:test"
import { parseDuration } from "./duration.ts"

test("lengths of time", () => {
  const cases: [string, number | undefined][] = [
    ["500ms", 500],
    ["30s", 30_000],
    ["1.5", 1_500],
    ["5m", 300_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["", undefined],
    ["s", undefined],
    ["-1s", undefined],
    ["1 h", undefined],
    ["1w", undefined],
    ["99999999999s", undefined],
  ]
  for (const [text, expected] of cases) assert.equal(parseDuration(text), expected, text)
})
