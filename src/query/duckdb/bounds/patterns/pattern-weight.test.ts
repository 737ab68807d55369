import assert from "node:assert/strict"
import { test } from "node:test"
import { isLinearSearch, patternWeight } from "./pattern-weight.ts"

test("a pattern weighs as much as the matcher that the engine makes of it", () => {
  const weights: [string, number][] = [
    ["", 1],
    ["abc", 1],
    ["a.c", 3],
    ["[0-9]{4}-[0-9]{2}", 7],
    ["a[ab]{1000}c", 1002],
    ["a[ab]{9999}c", 1002],
    ["([ab]{10}c){20}", 220],
    ["(a?){1000}b", 1001],
    ["(?i)(?:x|y){300}", 300],
    ["(?P<name>[ab]{100})", 100],
    [String.raw`\pL{50}`, 2000],
    [String.raw`\p{Greek}{50}`, 2000],
    [String.raw`\x{61}{50}`, 1],
    [String.raw`a\{1000}`, 1],
    ["a{,5}", 1],
    ["[]{1000}]", 1],
    ["[[:alpha:]{900}]x", 2],
    ["(error|warning|fatal): [0-9]+", 10],
    ["[ab]{10", 4],
    ["((((([ab]{200}", 200],
    [")[ab]{200}", 201],
  ]
  for (const [pattern, expected] of weights) assert.equal(patternWeight(pattern), expected, pattern)
})

test("the time for a pattern grows with its length", () => {
  for (const part of ["(", "[", "{1}", "\\p{", "(?P<", "|a", "[[:", "(?i"]) {
    assert.ok(patternWeight(part.repeat(200_000)) >= 1)
  }
})

test("patterns whose search may go on far beyond a match are told from others", () => {
  const linear = [
    "abc",
    "[0-9]+",
    "a.*b",
    "(\\d+)-(\\d+)",
    "(?i)foo",
    "foo|bar",
    "(a|b)+",
    "<br ?/?>",
    "x{2,}",
    "(error|warn): .*",
    "a+?b",
  ]
  const square = ["a.*b|a", "x(.*y)?", "(a+b)*", "(a|b.*c)", "(a{2,}b)?", "^ +| +$", "((a+)b)+", "(?:a+)*"]
  for (const pattern of linear) assert.equal(isLinearSearch(pattern), true, pattern)
  for (const pattern of square) assert.equal(isLinearSearch(pattern), false, pattern)
})
