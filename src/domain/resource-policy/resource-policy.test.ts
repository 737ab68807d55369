import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { matchesWildcards } from "./resource-policy.ts"
import "../../../test/support/seed.ts"

test("wildcards match as the regular expression that says the same", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 })
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 })
  fc.assert(
    fc.property(letters, text, (pattern, candidate) => {
      const expression = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`)
      assert.equal(matchesWildcards(pattern, candidate), expression.test(candidate))
    }),
  )
})

test("a pattern of many stars is not slow", () => {
  const startedMs = performance.now()
  assert.equal(matchesWildcards(`${"*a".repeat(200)}b`, "a".repeat(2_000)), false)
  assert.ok(performance.now() - startedMs < 2_000)
})
