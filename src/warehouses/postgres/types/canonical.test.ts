import assert from "node:assert/strict"
import { test } from "node:test"
import { comparable, exactly, literalOf } from "./canonical.ts"

const column = (kind: "int32" | "float64" | "json") => ({ name: "c", type: { kind }, sourceType: kind })

test("a literal of a canonical text has its column's type", () => {
  assert.equal(literalOf("7", column("int32")), "'7'::integer")
  assert.equal(literalOf(null, column("int32")), "NULL::integer")
})

test("a type without operators is compared by its text", () => {
  assert.deepEqual(
    (["int32", "float64", "json"] as const).map((kind) => comparable("v", column(kind))),
    ["v", "v", "(v::text)"],
  )
})

test("what equality of the engine does not tell apart is told by its text", () => {
  assert.deepEqual(
    (["int32", "float64", "json"] as const).map((kind) => exactly("v", column(kind))),
    ["v", "(v::text)", "(v::text)"],
  )
})
