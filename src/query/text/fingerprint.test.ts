import assert from "node:assert/strict"
import { test } from "node:test"
import { fingerprintOf, withoutValues } from "./fingerprint.ts"

test("statements that differ only in their values have one fingerprint", () => {
  const same = [
    "SELECT * FROM orders WHERE id IN (1, 2, 3) AND name = 'secret'",
    "select *\n from orders /* all */ where id in (-- one\n $1) and name = E'it''s';",
    "select * from Orders where id in (7,8) and name = $$x$$",
  ]
  assert.equal(new Set(same.map(fingerprintOf)).size, 1)
  assert.match(fingerprintOf("SELECT 1"), /^[0-9a-f]{16}$/)
  const rows = (count: number) => `INSERT INTO t VALUES ${"(1, 'a'), ".repeat(count)}(2, 'b')`
  assert.equal(fingerprintOf(rows(0)), fingerprintOf(rows(1)))
  assert.equal(fingerprintOf(rows(0)), fingerprintOf(rows(9_000)))
  assert.equal(fingerprintOf(rows(5_000)), fingerprintOf(rows(9_000)))
  assert.equal(withoutValues(rows(3)), "insert into t values ( ? )")
})

test("other tables, columns and clauses make another fingerprint", () => {
  const different = [
    "SELECT a FROM t",
    "SELECT b FROM t",
    'SELECT "A" FROM t',
    "SELECT a FROM t LIMIT 1",
    "SELECT a, b FROM t",
  ]
  assert.equal(new Set(different.map(fingerprintOf)).size, different.length)
})
