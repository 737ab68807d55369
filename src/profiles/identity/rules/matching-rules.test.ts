import assert from "node:assert/strict"
import { test } from "node:test"
import { matchingLevel, mergingLevel, mistakesInMatching, type RuleBasedMatching } from "./matching-rules.ts"

const good: RuleBasedMatching = {
  Enabled: true,
  MatchingRules: [
    { Rule: ["EmailAddress", "Attributes.loyalty tier"] },
    { Rule: ["PhoneNumber", "Address.City"] },
  ],
  MaxAllowedRuleLevelForMatching: 2,
  MaxAllowedRuleLevelForMerging: 1,
  AttributeTypesSelector: { AttributeMatchingModel: "MANY_TO_MANY", Address: ["Address", "MaillingAddress"] },
  ConflictResolution: { ConflictResolvingModel: "SOURCE", SourceName: "crm" },
}

test("a configuration that the cloud takes has no mistake", () => {
  assert.deepEqual(mistakesInMatching(good), [])
  assert.deepEqual(mistakesInMatching({ Enabled: false }), [])
  assert.deepEqual(mistakesInMatching({ Enabled: true, MatchingRules: [{ Rule: ["BirthDate"] }] }), [])
})

const numbered = (count: number) => Array.from({ length: count }, (_, at) => `Attributes.a${at}`)

const mistakes: [string, Partial<RuleBasedMatching>, RegExp][] = [
  ["no rule", { MatchingRules: [] }, /needs MatchingRules/],
  ["16 rules", { MatchingRules: numbered(16).map((one) => ({ Rule: [one] })) }, /16 rules; at most 15/],
  ["16 attributes", { MatchingRules: [{ Rule: numbered(16) }] }, /level 1 names 16 attributes; at most 15/],
  ["an empty rule", { MatchingRules: [{ Rule: [] }] }, /level 1 names no attribute/],
  ["an unknown attribute", { MatchingRules: [{ Rule: ["ShoeSize"] }] }, /ShoeSize/],
  ["the type Address without a part", { MatchingRules: [{ Rule: ["Address"] }] }, /names Address/],
  ["an attribute twice", { MatchingRules: [{ Rule: ["Gender", "Gender"] }] }, /Gender twice/],
  ["a level of 0", { MaxAllowedRuleLevelForMatching: 0 }, /from 1 to 15/],
  ["a level of 16", { MaxAllowedRuleLevelForMerging: 16 }, /from 1 to 15/],
  [
    "merging beyond matching",
    { MaxAllowedRuleLevelForMatching: 1, MaxAllowedRuleLevelForMerging: 2 },
    /MaxAllowedRuleLevelForMerging is greater/,
  ],
  [
    "a field of another type",
    { AttributeTypesSelector: { AttributeMatchingModel: "ONE_TO_ONE", PhoneNumber: ["EmailAddress"] } },
    /PhoneNumber names EmailAddress/,
  ],
  [
    "a field twice, spelt differently",
    {
      AttributeTypesSelector: {
        AttributeMatchingModel: "ONE_TO_ONE",
        Address: ["MailingAddress", "MaillingAddress"],
      },
    },
    /twice/,
  ],
  ["a source without a name", { ConflictResolution: { ConflictResolvingModel: "SOURCE" } }, /SourceName/],
]

for (const [name, change, message] of mistakes)
  test(`${name} is a mistake, named once`, () => {
    const found = mistakesInMatching({ ...good, ...change })
    assert.equal(found.length, 1, found.join("\n"))
    assert.match(found[0] ?? "", message)
  })

test("levels end with the rules; nothing is merged unless a level for it is named", () => {
  assert.deepEqual([matchingLevel(good), mergingLevel(good)], [2, 1])
  const open: RuleBasedMatching = { Enabled: true, MatchingRules: [{ Rule: ["Gender"] }] }
  assert.deepEqual([matchingLevel(open), mergingLevel(open)], [1, 0])
  const high = { ...open, MaxAllowedRuleLevelForMatching: 9, MaxAllowedRuleLevelForMerging: 9 }
  assert.deepEqual([matchingLevel(high), mergingLevel(high)], [1, 1])
})
