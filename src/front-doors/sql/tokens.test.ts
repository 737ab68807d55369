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

test("what is not finished is an error with its place", () => {
  for (const sql of ["SELECT 'abc", 'SELECT "abc', "SELECT /* abc", "SELECT $$abc"]) {
    assert.throws(
      () => tokenize(sql),
      (error: unknown) => error instanceof PgError && error.code === "42601" && error.position === 8,
      sql,
    )
  }
})
