import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { cut, plainJson, plainLine, plainLines, plainText } from "./plain-text.ts"
import "../../../test/support/seed.ts"

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom(
      "\0",
      "\x1b",
      "\x07",
      "\x7f",
      "\x9b",
      "\n",
      "\r",
      "\t",
      "\u202e",
      "\u2066",
      "\u2028",
      "\u200b",
      "\ufeff",
      "\u{e0041}",
      "\ud800",
      "\udc00",
      "a",
      "ü",
      "🎉",
    ),
  }),
)
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

describe("texts of others", () => {
  test("in a line hold nothing that a terminal obeys, and no end of line", () => {
    fc.assert(fc.property(hostile, (text) => !unprintable.test(plainLine(text))))
  })

  test("of several lines keep line feeds and tabs, and nothing else", () => {
    fc.assert(fc.property(hostile, (text) => !unprintable.test(plainText(text).replaceAll(/[\n\t]/g, ""))))
    assert.equal(plainText("a\tb\nc\r\n"), "a\tb\nc\\r\n")
  })

  test("that hold nothing of the kind stay as they are", () => {
    for (const text of ["", "public.orders", "größer 数据 🎉 ~", "\\n"]) {
      assert.equal(plainLine(text), text)
      assert.equal(plainText(text), text)
    }
  })

  test("show what was there", () => {
    assert.equal(plainLine("a\u{1b}[31m\nb\r\tc\u{202e}d\u{ad}"), "a\\u{1b}[31m\\nb\\r\\tc\\u{202e}d\\u{ad}")
    assert.equal(plainLine("\u{e0041}\ud800x"), "\\u{e0041}\\u{d800}x")
  })

  test("as JSON hold nothing that a terminal obeys, and are read as they were", () => {
    const values = fc.dictionary(
      hostile,
      fc.oneof(hostile, fc.array(hostile), fc.integer(), fc.constant(null)),
    )
    fc.assert(
      fc.property(values, (value) => {
        const text = plainJson(value)
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
        assert.ok(!unprintable.test(text.replaceAll("\n", "")))
      }),
    )
  })

  test("deep in a value are found, names of members too; dates and other classes stay what they are", () => {
    const at = new Date()
    const given = JSON.parse('{"a\\u0007": [{"b": "\\u001b"}], "n": 1, "__proto__": "\\u009b"}')
    const plain = plainLines({ ...given, at })
    assert.deepEqual(plain["a\\u{7}"], [{ b: "\\u{1b}" }])
    assert.equal(plain.at, at)
    assert.ok(!unprintable.test(JSON.stringify(plain)))
  })

  test("are cut between characters", () => {
    assert.equal(cut("abc", 3), "abc")
    assert.equal(cut("abcd", 3), "abc…")
    assert.equal(cut("ab🎉d", 3), "ab…")
    fc.assert(fc.property(hostile, fc.nat(20), (text, most) => cut(text, most).length <= most + 1))
  })
})
