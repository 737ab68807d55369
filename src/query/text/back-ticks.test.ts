import assert from "node:assert/strict"
import { test } from "node:test"
import { withoutBackTicks } from "./back-ticks.ts"

const cases: [sql: string, read: string][] = [
  ["SELECT `a b`, `c` FROM `awscc`.`s3`.`t`", 'SELECT "a b", "c" FROM "awscc"."s3"."t"'],
  [
    "SELECT '`a`', \"`b`\", $$`c`$$ -- `d`\n, /* `e` */ `f`",
    'SELECT \'`a`\', "`b`", $$`c`$$ -- `d`\n, /* `e` */ "f"',
  ],
  ["SELECT a=`b`", 'SELECT a="b"'],
  ["SELECT `it's`, 'x'", `SELECT "it's", 'x'`],
  ['SELECT `a"b`', 'SELECT "a""b"'],
  ["SELECT `a--b`, `c/*d`", 'SELECT "a--b", "c/*d"'],
  ["SELECT 1", "SELECT 1"],
]

test("names between back-ticks are quoted names, and what is no name stays", () => {
  for (const [sql, read] of cases) assert.equal(withoutBackTicks(sql), read)
})

test("a name between back-ticks without an end is a mistake", () => {
  assert.throws(() => withoutBackTicks("SELECT `a"), { code: "42601", position: 8 })
})

test("many names take time in proportion to the text", () => {
  const names = Array.from({ length: 100_000 }, (_none, at) => `\`n${at}\``)
  const read = withoutBackTicks(`SELECT ${names.join(", ")}`)
  assert.ok(read.endsWith('"n99999"'))
})
