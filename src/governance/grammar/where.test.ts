import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { readWhere } from "./where.ts"
import { WhereError } from "./where-tokens.ts"

describe("conditions of the checked grammar", () => {
  test("are read with OR below AND below NOT", () => {
    const compare = (name: string, text: string) => ({
      kind: "compare",
      column: { kind: "named", name, isQuoted: false },
      operator: "=",
      with: { kind: "number", text },
    })
    assert.deepEqual(readWhere("a = 1 OR NOT b = -2 AND 3 = c"), {
      kind: "or",
      of: [
        compare("a", "1"),
        { kind: "and", of: [{ kind: "not", of: compare("b", "-2") }, compare("c", "3")] },
      ],
    })
  })

  test("turn a comparison whose constant stands first", () => {
    const node = readWhere("5 < n")
    assert.ok(node.kind === "compare")
    assert.equal(node.operator, ">")
  })

  test("take the helpers, and a placeholder that has no effect", () => {
    const column = { kind: "named", name: "country", isQuoted: false }
    assert.deepEqual(readWhere("@attributeValuesContains('Country', country, 'none')"), {
      kind: "attributeValues",
      attribute: "Country",
      column,
    })
    assert.deepEqual(readWhere("@groupsContains('country')"), { kind: "groups", column })
    assert.deepEqual(readWhere("@columnTagged('PII.Name') = 'it''s'"), {
      kind: "compare",
      column: { kind: "tagged", tag: "PII.Name" },
      operator: "=",
      with: { kind: "text", text: "it's" },
    })
    assert.deepEqual(readWhere("@isInGroups('A', 'B')"), { kind: "isInGroups", names: ["A", "B"] })
  })

  const refused = [
    "",
    "a",
    "a = ",
    "a = 1 OR",
    "a = 1; DROP TABLE t",
    "a = 1 -- more",
    "a = 1 /* more */",
    "a = lower('x')",
    "lower(a) = 'x'",
    "a::int = 1",
    "CAST(a AS int) = 1",
    "a = (SELECT 1)",
    "a IN (SELECT b FROM c)",
    "EXISTS (SELECT 1)",
    "a = 1 + 1",
    "a || 'x' = 'y'",
    "a ~ 'x'",
    "a ILIKE 'x'",
    "a SIMILAR TO 'x'",
    "a LIKE 'x\\'",
    "a LIKE b",
    "a = NULL",
    "1 = 1",
    "a = current_user",
    "a = E'x'",
    "a = $$x$$",
    "t.a = 1",
    "a = 1 UNION SELECT 1",
    "CASE WHEN a = 1 THEN TRUE END",
    "@interpolatedComparison('x')",
    "@hasAttribute('a')",
    "@iam",
    "a = 'x",
    'a = "x',
    "a IN ()",
    "a = 1e5",
    "((a = 1)",
  ]
  for (const text of refused)
    test(`refuse ${JSON.stringify(text)}`, () => assert.throws(() => readWhere(text), WhereError))

  test("are bounded in length and depth, whatever nests", () => {
    for (const text of [
      `${"(".repeat(30)}a = 1${")".repeat(30)}`,
      `${"NOT ".repeat(30)}a = 1`,
      `a = '${"x".repeat(5000)}'`,
      `a IN (${Array.from({ length: 501 }, () => "1").join(",")})`,
    ])
      assert.throws(() => readWhere(text), WhereError)
    assert.ok(readWhere(Array.from({ length: 300 }, () => "a = 1").join(" OR ")))
  })
})
