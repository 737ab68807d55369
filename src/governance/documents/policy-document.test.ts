import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { DocumentError } from "./place.ts"
import { policyOfDocument, policyOfText } from "./policy-document.ts"

const own = `
policyKey: hr-salary
type: data
rules:
  - kind: mask
    columns: [{name: ssn}, {tag: PII.SSN}]
    mask: {type: hash}
    unless: {any: [{group: hr}, {attribute: {clearance: high}}, {purpose: audit}]}
    when: {column: country, op: "=", value: USA}
  - kind: mask
    columns: [{regex: "^(e|E)mail$", caseInsensitive: true}]
    mask: {type: null}
  - kind: rowFilter
    match: {column: region, attribute: sales_region}
    unless: {all: [{group: auditors}]}
  - kind: rowFilter
    where: "@groupsContains(team) OR status <> 'secret'"
  - {kind: purpose, purposes: [Audit]}
  - {kind: time, keep: newer, count: 90, unit: day}
  - {kind: minimize, percent: 25}
`

const reference = {
  policyKey: "mask-pii",
  name: "Mask PII",
  type: "data",
  circumstanceOperator: "all",
  circumstances: [
    { type: "columnTags", columnTag: "PII" },
    { type: "columnRegex", regex: "ssn", caseInsensitive: true },
  ],
  staged: true,
  actions: [
    {
      description: "everybody",
      rules: [
        {
          type: "Masking",
          config: {
            fields: [{ type: "columnTags", columnTag: "PII" }],
            maskingConfig: { type: "Constant", constant: "hidden" },
            conditionalPredicate: "country = 'USA'",
          },
          exceptions: {
            operator: "all",
            groups: ["hr"],
            attributes: [{ name: "k", value: "v" }],
            purposes: ["Audit"],
          },
        },
        {
          type: "Masking",
          config: { fields: [{ type: "anyTag" }], maskingConfig: { type: "Hash" } },
          inclusions: { groups: ["eu"] },
        },
        { type: "Masking", config: { fields: [{ type: "anyTag" }], maskingConfig: { type: "Null" } } },
        { type: "Row Restriction by Custom Where Clause", config: { predicate: "@hasAttribute('a', 'b')" } },
      ],
    },
  ],
}

describe("policy documents", () => {
  test("of our form are read from YAML; without circumstances they are for all sources", () => {
    const policy = policyOfText(own)
    assert.ok(policy.kind === "data")
    assert.equal(policy.name, "hr-salary")
    assert.deepEqual(policy.circumstances.of, [{ kind: "everything" }])
    assert.deepEqual(
      policy.rules.map(({ kind }) => kind),
      ["mask", "mask", "rowFilter", "rowFilter", "purpose", "time", "minimize"],
    )
    assert.deepEqual(policy.rules[0], {
      kind: "mask",
      columns: [
        { kind: "name", name: "ssn" },
        { kind: "tag", tag: "PII.SSN" },
      ],
      mask: { kind: "hash" },
      when: { column: "country", operator: "=", value: "USA" },
      unless: {
        kind: "any",
        of: [
          { kind: "group", name: "hr" },
          { kind: "attribute", name: "clearance", value: "high" },
          { kind: "purpose", name: "audit" },
        ],
      },
    })
  })

  test("of the reference product are read: exceptions, inclusions and the rule for all others", () => {
    const policy = policyOfDocument(reference)
    assert.ok(policy.kind === "data")
    assert.equal(policy.isStaged, true)
    const eu = { kind: "any", of: [{ kind: "group", name: "eu" }] }
    const [first, included, otherwise, filter] = policy.rules
    assert.deepEqual(first?.unless, {
      kind: "all",
      of: [
        { kind: "group", name: "hr" },
        { kind: "attribute", name: "k", value: "v" },
        { kind: "purpose", name: "Audit" },
      ],
    })
    assert.deepEqual(included?.unless, { kind: "not", of: eu })
    assert.deepEqual(otherwise?.unless, eu)
    assert.equal(filter?.unless, undefined)
  })

  test("of subscriptions take expressions about the person", () => {
    const policy = policyOfDocument({
      policyKey: "who",
      name: "who",
      type: "subscription",
      circumstances: [{ type: "tags", tag: { name: "HR" } }],
      actions: {
        type: "entitlements",
        automaticSubscription: true,
        advanced: "@isInGroups('A','B') AND @hasAttribute('k','v')",
      },
    })
    assert.ok(policy.kind === "subscription" && policy.rule.kind === "entitlements")
    assert.deepEqual(policy.rule.condition, {
      kind: "all",
      of: [
        {
          kind: "all",
          of: [
            { kind: "group", name: "A" },
            { kind: "group", name: "B" },
          ],
        },
        { kind: "attribute", name: "k", value: "v" },
      ],
    })
  })

  const rule = (more: object) => ({ policyKey: "p", type: "data", rules: [more] })
  const mask = (more: object) => rule({ kind: "mask", columns: [{ name: "a" }], mask: more })
  const wrong: [string, unknown, string][] = [
    ["no object", [], ""],
    ["an unknown key", { ...reference, colour: "red" }, "/colour"],
    ["an unknown type", { policyKey: "p", type: "other" }, "/type"],
    ["no policyKey", { type: "data", rules: [] }, ""],
    ["no rules", { policyKey: "p", type: "data", rules: [] }, "/rules"],
    ["both forms", { ...rule({}), actions: [] }, ""],
    ["an unknown key of a rule", rule({ kind: "purpose", purposes: ["A"], percent: 5 }), "/rules/0/percent"],
    ["no columns", rule({ kind: "mask", columns: [], mask: { type: "null" } }), "/rules/0/columns"],
    ["a reversible mask", mask({ type: "reversible" }), "/rules/0/mask"],
    ["a pattern that matches everywhere", mask({ type: "regex", pattern: "a*" }), "/rules/0/mask/pattern"],
    [
      "a group that is not there",
      mask({ type: "regex", pattern: "a", replacement: "\\1" }),
      "/rules/0/mask/replacement",
    ],
    ["a bucket of zero", mask({ type: "round", bucket: 0 }), "/rules/0/mask/bucket"],
    ["two characters", mask({ type: "partial", char: "**" }), "/rules/0/mask/char"],
    ["a text with NUL", mask({ type: "constant", value: "a\0" }), "/rules/0/mask/value"],
    ["a where with a function", rule({ kind: "rowFilter", where: "f(a) = 1" }), "/rules/0/where"],
    ["a share above 100", rule({ kind: "minimize", percent: 101 }), "/rules/0/percent"],
    [
      "conditions too deep",
      rule({ kind: "purpose", purposes: ["A"], unless: { not: { not: { not: { not: { group: "a" } } } } } }),
      "/rules/0/unless/not/not/not/not",
    ],
    ["an empty any", rule({ kind: "purpose", purposes: ["A"], unless: { any: [] } }), "/rules/0/unless/any"],
    ["owners", { ...reference, ownerRestrictions: { groups: [{ id: 1 }] } }, "/ownerRestrictions/groups"],
    [
      "k-anonymity",
      {
        ...reference,
        actions: [
          {
            rules: [
              {
                type: "Masking",
                config: { fields: [{ type: "anyTag" }], maskingConfig: { type: "K-Anonymization" } },
              },
            ],
          },
        ],
      },
      "/actions/0/rules/0/config/maskingConfig/type",
    ],
    [
      "a subscription for no sources",
      { policyKey: "p", name: "p", type: "subscription", actions: { type: "anyone" } },
      "",
    ],
    [
      "an expression about rows",
      {
        policyKey: "p",
        type: "subscription",
        circumstances: [{ type: "everything" }],
        actions: { type: "entitlements", advanced: "a = 1" },
      },
      "/actions/advanced",
    ],
  ]
  for (const [what, document, pointer] of wrong)
    test(`with ${what} are refused at ${pointer === "" ? "the top" : pointer}`, () => {
      assert.throws(
        () => policyOfDocument(document),
        (error) => error instanceof DocumentError && error.pointer === pointer,
      )
    })

  test("that are no YAML, or repeat a part of themselves, are refused", () => {
    for (const text of ["a: [", "a: &x [1]\nb: *x"]) assert.throws(() => policyOfText(text), DocumentError)
  })
})
