import assert from "node:assert/strict"
import { test } from "node:test"
import { parseArrayLiteral } from "../values/array-literal.ts"
import { engineError } from "./engine-errors.ts"
import { durationMs } from "./settings.ts"

/** What stands in messages, many times over, so that an expression could begin its search anew at each. */
const repeated = [
  "View with name ",
  "Table with name ",
  "Schema ",
  "column ",
  "time out of range ",
  "duplicate key ",
  "\n\nLINE 1: ",
  " /a/b",
  '"',
  "\n",
  " ",
]
const kinds = [
  "Catalog",
  "Binder",
  "Conversion",
  "Constraint",
  "Parser",
  "IO",
  "Invalid Input",
  "TransactionContext",
]

test("an error's text takes time in proportion to its length, whatever stands in it", () => {
  const startedMs = performance.now()
  for (const text of repeated) {
    const long = text.repeat(Math.ceil(2_000_000 / text.length))
    for (const kind of kinds) engineError(new Error(`${kind} Error: ${long}>\nx`), long)
  }
  // The square of two million would be hours; 88 texts of 2 MB are read several times each.
  assert.ok(performance.now() - startedMs < 60_000)
})

test("values and settings take time in proportion to their length, too", () => {
  const spaces = " ".repeat(500_000)
  assert.equal(durationMs(`5${spaces}x`), undefined)
  assert.equal(durationMs(`${spaces}5${spaces}s${spaces}`), 5000)
  assert.throws(() => parseArrayLiteral(`{${spaces}{}`), { code: "22P02" })
  assert.deepEqual(parseArrayLiteral(`{ 1 , "a b" ,${spaces}c }`), ["1", "a b", "c"])
})

test("the engine's errors have PostgreSQL's codes", () => {
  const codes: [string, string][] = [
    ["Catalog Error: Table with name a does not exist!\nDid you mean b?", "42P01"],
    ["Catalog Error: Type with name View with name x does not exist!", "42704"],
    ["Catalog Error: Scalar Function with name f does not exist!", "42883"],
    ["Catalog Error: Schema with name s does not exist!", "3F000"],
    ['Binder Error: Referenced column "a" not found in FROM clause!', "42703"],
    ["Conversion Error: invalid date field format", "22007"],
    ["Conversion Error: Could not convert string 'a' to INT32", "22P02"],
    ["Conversion Error: Type INT64 with value 1 can't be cast because the value is out of range", "22003"],
    ["Constraint Error: NOT NULL constraint failed: t.a", "23502"],
    ['Constraint Error: Duplicate key "a: 1" violates primary key constraint', "23505"],
    ["Invalid Input Error: beyond a limit: repeat: more than 65535 characters", "54000"],
    ["Invalid Input Error: something else", "22023"],
    ["Parameter Not Allowed Error: Cannot perform list_reduce on an empty input list", "22023"],
    ['Sequence Error: nextval: reached maximum value of sequence "s" (2)', "55000"],
    ["INTERRUPT Error: Interrupted!", "57014"],
    ["FATAL Error: database has been invalidated", "XX000"],
  ]
  for (const [message, code] of codes) assert.equal(engineError(new Error(message)).code, code, message)
})
