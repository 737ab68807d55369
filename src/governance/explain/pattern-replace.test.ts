import assert from "node:assert/strict"
import { test } from "node:test"
import { readPattern } from "../grammar/pattern.ts"
import { everyMatch } from "./pattern-replace.ts"

/** Matches and groups, as JavaScript's own expressions have them. */
function byJavaScript(pattern: string, text: string): (string | undefined)[][] {
  return [...text.matchAll(new RegExp(pattern, "gus"))].map((found) => [...found])
}

const texts = ["", "a", "aab", "ba1b22", "123-45-6789", "ääa\nb", "🙂 ok 🙂", "abcabc", "xxyxx"]
const patterns = [
  "a",
  "[a-c]+",
  "(a|ab)(c|bcd)?",
  "\\d{2,3}",
  "(\\d+)-(\\d+)",
  "^.",
  ".$",
  "(?:ab?)+c",
  "[^a]",
  "x.x?",
  "(🙂) ?",
]

test("matches and groups are those of JavaScript's expressions", () => {
  for (const pattern of patterns)
    for (const text of texts) {
      const found = everyMatch(readPattern(pattern), text)?.map(({ groups }) => groups)
      const wanted = byJavaScript(pattern, text)
      const filled = found?.map((groups, at) => (wanted[at] ?? []).map((_, number) => groups[number]))
      assert.deepEqual(filled, wanted, `${pattern} on ${JSON.stringify(text)}`)
    }
})

test("a pattern that would be tried in endlessly many ways is given up, by steps and not by time", () => {
  assert.equal(everyMatch(readPattern("(?:a|a)*b"), "a".repeat(40)), undefined)
  assert.equal(everyMatch(readPattern("a"), "a".repeat(1_001)), undefined)
  assert.equal(everyMatch(readPattern("a"), "a".repeat(1_000))?.length, 1_000)
})
