import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { printed, unscaled } from "./key-number.ts"
import "../../../../test/support/seed.ts"

test("numbers are scaled exactly, or not at all", () => {
  const cases: [string, bigint | undefined][] = [
    ["0", 0n],
    ["-0.0", 0n],
    ["1.5", 15_000_000_000n],
    ["1E+3", 10_000_000_000_000n],
    ["12E-10", 12n],
    ["1E-11", undefined],
    ["10E-11", 1n],
    ["9999999999999999999999999999", 99999999999999999999999999990000000000n],
    ["99999999999999999999999999999", undefined],
    ["1E+125", undefined],
    ["-1E-130", undefined],
    ["abc", undefined],
  ]
  for (const [text, expected] of cases) assert.equal(unscaled(text, 38, 10), expected, text)
})

test("what is printed reads as the same number", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (value) => {
      assert.equal(unscaled(printed(value, 10), 38, 10), value)
    }),
  )
})
