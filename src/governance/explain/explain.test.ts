import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { policyOfDocument } from "../documents/policy-document.ts"
import type { Person } from "../model/person.ts"
import type { GovernedSource } from "../model/source.ts"
import { explain } from "./explain.ts"

const source: GovernedSource = {
  id: 42,
  name: "people",
  table: { database: "shop", schema: "public", name: "people" },
  view: { schema: "governed", name: "people" },
  columns: [
    { name: "id", kind: "integer", type: "integer", tags: [] },
    { name: "ssn", kind: "text", type: "text", tags: ["PII"] },
    { name: "region", kind: "text", type: "text", tags: [] },
  ],
  tags: [],
  saltId: "source:42",
}

const ann: Person = {
  ...{ id: 1, iamId: "bim", userId: "ann", warehouseUser: "ann", isDisabled: false },
  groups: new Set(["sales"]),
  attributes: new Map([["region", new Set(["eu"])]]),
  purposes: new Set<string>(),
  subscriptions: new Set<number>(),
}

const everywhere = [{ type: "everything" }]
const sales = policyOfDocument({
  ...{ policyKey: "who", type: "subscription", circumstances: everywhere },
  subscription: { type: "entitlements", condition: { group: "sales" } },
})
const pii = policyOfDocument({
  ...{ policyKey: "pii", type: "data" },
  rules: [
    { kind: "mask", columns: [{ tag: "PII" }], mask: { type: "hash" }, unless: { group: "hr" } },
    {
      kind: "mask",
      columns: [{ tag: "PII" }],
      mask: { type: "null" },
      when: { column: "region", op: "=", value: "eu" },
    },
    { kind: "rowFilter", match: { column: "region", attribute: "region" }, unless: { group: "hr" } },
  ],
})

describe("what a person sees is explained", () => {
  test("with each rule, its effect and the reason", () => {
    const told = explain({ source, policies: [sales, pii] }, ann)
    assert.equal(told.rows, "some")
    assert.deepEqual(
      told.rules.map(({ policyKey, rule, effect, why }) => `${policyKey} ${rule} ${effect}: ${why}`),
      [
        "who 1 met: the person meets the condition",
        "pii 1 applies: `unless` is not met: not in group hr",
        "pii 2 applies: the rule has no exceptions",
        "pii 3 applies: `unless` is not met: not in group hr",
      ],
    )
    assert.deepEqual(told.columns[1], {
      ...{ name: "ssn", shown: "masked", masks: ["null", "hash"] },
      by: [
        { policyKey: "pii", rule: 2, mask: "null", inSomeRows: true },
        { policyKey: "pii", rule: 1, mask: "hash", inSomeRows: false },
      ],
    })
    assert.deepEqual(
      told.rules.map(({ here }) => here),
      Array.from({ length: 4 }, () => "it is for all sources"),
    )
    assert.deepEqual(told.columns[0], { name: "id", shown: "clear", masks: [], by: [] })
  })

  test("for whoever is exempt, by row", () => {
    const told = explain({ source, policies: [sales, pii] }, { ...ann, groups: new Set(["sales", "hr"]) })
    assert.equal(told.rows, "all")
    const { by: [one] = [], ...ssn } = told.columns[1] ?? {}
    assert.deepEqual(ssn, { name: "ssn", shown: "byRow", masks: ["null"] })
    assert.equal(one?.rule, 2)
    assert.equal(told.rules[1]?.effect, "exempt")
  })

  test("where no row is shown, with the reason", () => {
    const why = (person: Person | undefined, policies = [sales, pii]) =>
      explain({ source, policies }, person).why
    assert.equal(why(undefined), "the person has no profile")
    assert.equal(why({ ...ann, isDisabled: true }), "the person is disabled")
    assert.equal(
      why({ ...ann, groups: new Set() }),
      "the subscription policy who is not met: not in group sales",
    )
    assert.equal(why(ann, [pii]), "no subscription policy is for the source")
  })

  test("where a policy cannot be kept, by its refusals", () => {
    const broken = policyOfDocument({
      ...{ policyKey: "broken", type: "data" },
      rules: [{ kind: "rowFilter", where: "gone = 1" }],
    })
    const told = explain({ source, policies: [sales, broken] }, ann)
    assert.equal(told.rows, "closed")
    assert.deepEqual(told.refusals, [{ policyKey: "broken", message: 'the source has no column "gone"' }])
  })
})
