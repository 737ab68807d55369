import assert from "node:assert/strict"
import { test } from "node:test"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { splitStatements, tokenize } from "./tokens.ts"

const values = (sql: string) => tokenize(sql).map(({ kind, value }) => `${kind}:${value}`)

test("strings, identifiers, comments and parameters", () => {
  assert.deepEqual(values(`SELECT 'it''s', E'a\\'b', $$d'$$, $x$ $$ $x$, "A""b", $1 -- c ; '`), [
    "word:select",
    "string:it's",
    "symbol:,",
    "string:a'b",
    "symbol:,",
    "string:d'",
    "symbol:,",
    "string: $$ ",
    "symbol:,",
    'quoted:A"b',
    "symbol:,",
    "parameter:$1",
  ])
  assert.deepEqual(values("a/* x /* y */ ; */b"), ["word:a", "word:b"])
  assert.deepEqual(values("1-- x"), ["number:1"])
  assert.deepEqual(values("a+/* */b"), ["word:a", "symbol:+", "word:b"])
})

test("statements end at semicolons that are none of those", () => {
  assert.deepEqual(splitStatements("SELECT ';'; ; SELECT \";\" /* ; */ ; -- ;\n"), [
    "SELECT ';'",
    ' SELECT ";" /* ; */ ',
  ])
  assert.deepEqual(splitStatements(" ; ;"), [])
})

test("hostile text takes time in proportion to its length", () => {
  const length = 1_000_000
  const marks = Array.from({ length: length / 6 }, (_, at) => `$t${at.toString(36)}`).join("")
  const texts = [
    `SELECT ${marks}$`,
    `SELECT 1${"+/**/".repeat(length / 5)}1`,
    `SELECT 1${"+--\n".repeat(length / 4)}1`,
    `SELECT '${"a".repeat(40 * length)}'`,
    `SELECT E'${"a".repeat(40 * length)}\\''`,
    "/*".repeat(length / 2),
  ]
  for (const text of texts) {
    const startedMs = performance.now()
    try {
      tokenize(text)
    } catch (error) {
      assert.ok(error instanceof PgError, `${text.slice(0, 30)}: ${error}`)
    }
    // In proportion to its square it would be minutes.
    assert.ok(performance.now() - startedMs < 20_000, text.slice(0, 30))
  }
})

test("what is not finished is an error with its place", () => {
  for (const sql of ["SELECT 'abc", 'SELECT "abc', "SELECT /* abc", "SELECT $$abc", "SELECT $a$b$c$"]) {
    assert.throws(
      () => tokenize(sql),
      (error: unknown) => error instanceof PgError && error.code === "42601" && error.position === 8,
      sql,
    )
  }
})
