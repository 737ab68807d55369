import assert from "node:assert/strict"
import { test } from "node:test"
import { withoutPgSpellings } from "../catalog/syntax.ts"
import { fromRedshift } from "./rewrite.ts"

test("statements of megabytes are rewritten in time in proportion to their length", () => {
  const count = 50_000
  const texts = [
    `SELECT ${"nvl(1,".repeat(count)}`,
    `SELECT ${"nvl(1,".repeat(count)}1${")".repeat(count)}`,
    `SELECT ${"dateadd(day,".repeat(count)}`,
    "SELECT TOP 1 ".repeat(count),
    `${"SELECT TOP 1 (".repeat(count)}1${")".repeat(count)}`,
    `CREATE TABLE t (a int) ${"sortkey(".repeat(count)}`,
    `SELECT 1 ${"OPERATOR(pg_catalog.~) ".repeat(count)}`,
    `SELECT ${"OPERATOR(".repeat(count)}`,
    `SELECT ${"pg_catalog.text ".repeat(count)}`,
  ]
  for (const text of texts) {
    const startedMs = performance.now()
    fromRedshift(withoutPgSpellings(text))
    // In proportion to its square it would be minutes.
    assert.ok(performance.now() - startedMs < 20_000, text.slice(0, 30))
  }
})

test("what stands in nested calls is rewritten all the same", () => {
  const rewritten = (sql: string) => fromRedshift(sql).sql
  assert.equal(
    rewritten("SELECT nvl(nvl(a, f(b, [c, d])), nvl(e, 1))"),
    "SELECT coalesce(coalesce(a, f(b, [c, d])), coalesce(e, 1))",
  )
  assert.equal(
    rewritten("SELECT (SELECT TOP 1 x FROM (SELECT TOP 2 x FROM t) s) FROM u"),
    "SELECT (SELECT  x FROM (SELECT  x FROM t LIMIT 2) s LIMIT 1) FROM u",
  )
  assert.equal(rewritten("SELECT nvl(a, constructor(b, 'c'))"), "SELECT coalesce(a, constructor(b, 'c'))")
  assert.equal(
    withoutPgSpellings("SELECT a OPERATOR(pg_catalog.~) b COLLATE pg_catalog.text"),
    "SELECT a                     ~  b COLLATE            text",
  )
})
