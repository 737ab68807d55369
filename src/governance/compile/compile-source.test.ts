import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { DataRule, Policy } from "../model/policy.ts"
import type { GovernedSource } from "../model/source.ts"
import { compileSource } from "./compile-source.ts"

const source: GovernedSource = {
  id: 42,
  name: "people",
  table: { database: "shop", schema: "public", name: "people" },
  view: { schema: "governed", name: "people" },
  columns: [
    { name: "id", kind: "integer", type: "integer", tags: [] },
    { name: "ssn", kind: "text", type: "varchar(20)", tags: ["PII.SSN"] },
  ],
  tags: ["HR.Salary"],
  saltId: "source:42",
}

const anyone: Policy = {
  key: "anyone",
  name: "anyone",
  kind: "subscription",
  circumstances: { operator: "any", of: [{ kind: "everything" }] },
  isStaged: false,
  rule: { kind: "anyone" },
}

function dataPolicy(key: string, rules: DataRule[], more: Partial<Policy> = {}): Policy {
  const circumstances = { operator: "any" as const, of: [{ kind: "tag" as const, tag: "HR" }] }
  return { key, name: key, kind: "data", circumstances, isStaged: false, rules, ...more } as Policy
}

const ssn = [{ kind: "tag" as const, tag: "PII" }]

describe("a source's policies are compiled", () => {
  test("without a subscription policy nobody sees rows", () => {
    const plan = compileSource({ source, policies: [] })
    assert.ok(plan.kind === "built")
    assert.deepEqual(plan.filter, { kind: "constant", value: false })
    assert.match(plan.warnings[0]?.message ?? "", /nobody sees rows/)
  })

  test("a policy that lets rows be seen does not unmask what another masks", () => {
    const mask = dataPolicy("mask", [{ kind: "mask", columns: ssn, mask: { kind: "hash" } }])
    const plan = compileSource({ source, policies: [anyone, mask] })
    assert.ok(plan.kind === "built")
    assert.equal(plan.columns[1]?.cell.kind, "hash")
    assert.deepEqual(plan.columns[1]?.type, { kind: "text" })
    assert.deepEqual(plan.secretIds, ["source:42"])
  })

  test("a column that a policy names and the source has not gives no view", () => {
    const missing = dataPolicy("named", [
      { kind: "mask", columns: [{ kind: "name", name: "gone" }], mask: { kind: "null" } },
    ])
    const plan = compileSource({ source, policies: [anyone, missing] })
    assert.ok(plan.kind === "notBuilt")
    assert.deepEqual(plan.refusals, [{ policyKey: "named", message: 'the source has no column "gone"' }])
  })

  test("a staged policy is compiled, told, and not enforced", () => {
    const staged = dataPolicy(
      "staged",
      [{ kind: "mask", columns: [{ kind: "name", name: "gone" }], mask: { kind: "null" } }],
      { isStaged: true },
    )
    const plan = compileSource({ source, policies: [anyone, staged] })
    assert.ok(plan.kind === "built")
    assert.deepEqual(plan.policyKeys, ["anyone"])
    assert.equal(plan.staged[0]?.refusals[0]?.message, 'the source has no column "gone"')
  })

  test("a mask that cannot keep the type gives null and a warning", () => {
    const rule: DataRule = { kind: "mask", columns: [{ kind: "name", name: "id" }], mask: { kind: "hash" } }
    const plan = compileSource({ source, policies: [anyone, dataPolicy("hash-id", [rule])] })
    assert.ok(plan.kind === "built")
    assert.equal(plan.columns[0]?.cell.kind, "null")
    assert.equal(plan.warnings[0]?.column, "id")
  })

  test("the order of the policies changes nothing", () => {
    const one = dataPolicy("one", [{ kind: "mask", columns: ssn, mask: { kind: "hash" } }])
    const two = dataPolicy("two", [
      { kind: "mask", columns: ssn, mask: { kind: "null" }, unless: { kind: "group", name: "hr" } },
    ])
    assert.deepEqual(
      compileSource({ source, policies: [two, anyone, one] }),
      compileSource({ source, policies: [one, two, anyone] }),
    )
  })
})
