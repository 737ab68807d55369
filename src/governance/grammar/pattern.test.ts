import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { matchesNothing, PatternError, readPattern, readReplacement } from "./pattern.ts"
import { isFound } from "./pattern-match.ts"
import { patternText, replacementText } from "./pattern-text.ts"

describe("the checked part of regular expressions", () => {
  test("is written in signs that all engines read alike", () => {
    for (const [text, written] of [
      ["^a.c$", "^a.c$"],
      ["\\d{3}-\\d{2}", "[0-9]{3}\\-[0-9]{2}"],
      ["(?:ab|c)+[^x-z\\]]?", "(?:ab|c)+[^x-z\\]]?"],
      ["\\.\\*", "\\.\\*"],
    ] as const)
      assert.equal(patternText(readPattern(text)), written)
  })

  const refused = [
    ...[
      "(",
      ")",
      "a**",
      "a+?",
      "*a",
      "a{2",
      "a{3,2}",
      "a{101}",
      "[",
      "[]",
      "[z-a]",
      "\\1",
      "\\b",
      "(?=a)",
      "(?i)a",
      "(?<n>a)",
    ],
    ...[
      "[[:alpha:]]",
      "((a{100}){100}){100}",
      `${"(".repeat(11)}a${")".repeat(11)}`,
      "a".repeat(201),
      "^*",
      "\\",
    ],
  ]
  for (const text of refused)
    test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () =>
      assert.throws(() => readPattern(text), PatternError))

  test("is found as JavaScript's own expressions find it", () => {
    for (const text of ["a+b", "^a|b$", "(ab?){2}", "[^a]b", "x.y", "(a|ab)(c|bcd)", "a{1,2}$", "\\w\\s\\D"])
      for (const subject of ["", "ab", "aab", "b", "xay", "abcd", "a b", "A\nb", "ß"])
        for (const ignoresCase of [false, true])
          assert.equal(
            isFound(readPattern(text), subject, { ignoresCase }),
            new RegExp(text, ignoresCase ? "isu" : "su").test(subject),
            `${text} in ${JSON.stringify(subject)}`,
          )
  })

  test("is found in bounded time where following one way after another would not end", () => {
    assert.equal(isFound(readPattern("^(a+)+$"), `${"a".repeat(127)}b`, { ignoresCase: false }), false)
  })

  test("knows which patterns match the empty text", () => {
    const empty = ["a*", "^", "(a|b?)", "", "(?:a?){3}"].map((text) => matchesNothing(readPattern(text).node))
    assert.deepEqual(empty, [true, true, true, true, true])
    assert.equal(matchesNothing(readPattern("^a").node), false)
  })

  test("takes groups and backslashes in replacements, and refuses groups that are not there", () => {
    const pattern = readPattern("(a)(b)")
    assert.equal(replacementText(readReplacement("<\\2\\\\$1>", pattern)), "<\\2\\\\$1>")
    for (const text of ["\\3", "\\0", "\\x", "\\"])
      assert.throws(() => readReplacement(text, pattern), PatternError)
  })
})
