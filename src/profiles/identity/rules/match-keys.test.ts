import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import "../../../../test/support/seed.ts"
import { referenceGroups } from "../../../../test/profiles/reference/rule-matching.ts"
import { phoneComparison } from "../comparable-phone.ts"
import { newGroups } from "../groups.ts"
import { matchKeysOf } from "./match-keys.ts"
import type { RuleBasedMatching } from "./matching-rules.ts"

const comparePhone = await phoneComparison()

function groupsByKeys(
  profiles: readonly { id: string; fields: Record<string, string | undefined> }[],
  matching: RuleBasedMatching,
  level: number,
): string[][] {
  const holders = new Map<string, string[]>()
  for (const { id, fields } of profiles)
    for (const { key } of matchKeysOf(fields, { matching, levels: level, comparePhone }))
      holders.set(key, [...(holders.get(key) ?? []), id])
  const groups = newGroups<string>()
  for (const ids of holders.values()) if (ids.length > 1) groups.join(ids)
  return groups.all()
}

const rules = [{ Rule: ["EmailAddress"] }, { Rule: ["PhoneNumber", "LastName"] }]

test("values agree without regard to case, blanks and the form of a phone number", () => {
  const profiles = [
    { id: "a", fields: { EmailAddress: " Ann@X.example ", PhoneNumber: "+1 206 555 0100", LastName: "Low" } },
    { id: "b", fields: { EmailAddress: "ann@x.example" } },
    { id: "c", fields: { PhoneNumber: "(206) 555-0100", LastName: "LOW" } },
    { id: "d", fields: { PhoneNumber: "(206) 555-0100" } },
  ]
  const matching: RuleBasedMatching = { Enabled: true, MatchingRules: rules }
  assert.deepEqual(groupsByKeys(profiles, matching, 1), [["a", "b"]])
  assert.deepEqual(groupsByKeys(profiles, matching, 2), [["a", "b", "c"]])
})

test("one to one compares equal fields only, many to many any two of a type", () => {
  const profiles = [
    { id: "a", fields: { EmailAddress: "x@x.example" } },
    { id: "b", fields: { BusinessEmailAddress: "x@x.example" } },
  ]
  const groups = (model: "ONE_TO_ONE" | "MANY_TO_MANY") =>
    groupsByKeys(
      profiles,
      {
        Enabled: true,
        MatchingRules: rules,
        AttributeTypesSelector: {
          AttributeMatchingModel: model,
          EmailAddress: ["EmailAddress", "BusinessEmailAddress"],
        },
      },
      1,
    )
  assert.deepEqual(groups("ONE_TO_ONE"), [])
  assert.deepEqual(groups("MANY_TO_MANY"), [["a", "b"]])
})

test("a city and a postal code agree only where they stand in one address", () => {
  const home = (City: string, PostalCode: string) => ({
    "Address.City": City,
    "Address.PostalCode": PostalCode,
  })
  const post = (City: string, PostalCode: string) => ({
    "MailingAddress.City": City,
    "MailingAddress.PostalCode": PostalCode,
  })
  const profiles = [
    { id: "a", fields: { ...home("Bonn", "1"), ...post("Ulm", "2") } },
    { id: "b", fields: { ...home("Bonn", "2"), ...post("Ulm", "1") } },
    { id: "c", fields: home("Ulm", "2") },
  ]
  const matching: RuleBasedMatching = {
    Enabled: true,
    MatchingRules: [{ Rule: ["Address.City", "Address.PostalCode"] }],
    AttributeTypesSelector: {
      AttributeMatchingModel: "MANY_TO_MANY",
      Address: ["Address", "MaillingAddress"],
    },
  }
  assert.deepEqual(groupsByKeys(profiles, matching, 1), [["a", "c"]])
})

const word = fc.constantFrom("", "ann", "ANN", " bob ", "eve", undefined)
const phone = fc.constantFrom(
  "+1 206 555 0100",
  "(206) 555-0100",
  "+12065550100",
  "206.555.0199",
  "",
  undefined,
)
const randomProfile = fc.record({
  FirstName: word,
  LastName: word,
  EmailAddress: word,
  BusinessEmailAddress: word,
  PhoneNumber: phone,
  MobilePhoneNumber: phone,
  "Address.Address1": word,
  "Address.Address2": word,
  "Address.City": word,
  "Address.PostalCode": word,
  "MailingAddress.Address1": word,
  "MailingAddress.City": word,
  "MailingAddress.PostalCode": word,
  "Attributes.tier": word,
})
const attributes = fc.uniqueArray(
  fc.constantFrom(
    "FirstName",
    "LastName",
    "EmailAddress",
    "PhoneNumber",
    "Address.Address",
    "Address.City",
    "Address.PostalCode",
    "Attributes.tier",
  ),
  { minLength: 1, maxLength: 3 },
)
const randomMatching = fc.record({
  Enabled: fc.constant(true),
  MatchingRules: fc.array(
    attributes.map((Rule) => ({ Rule })),
    { minLength: 1, maxLength: 4 },
  ),
  AttributeTypesSelector: fc.record({
    AttributeMatchingModel: fc.constantFrom("ONE_TO_ONE" as const, "MANY_TO_MANY" as const),
    Address: fc.constant(["Address", "MailingAddress"]),
    PhoneNumber: fc.constant(["PhoneNumber", "MobilePhoneNumber"]),
    EmailAddress: fc.constant(["EmailAddress", "BusinessEmailAddress"]),
  }),
})

test("random profiles have a key in common exactly if a comparison of each with each says that they match", () => {
  fc.assert(
    fc.property(
      fc.array(randomProfile, { maxLength: 8 }),
      randomMatching,
      fc.integer({ min: 1, max: 4 }),
      (all, matching, level) => {
        const profiles = all.map((fields, at) => ({ id: `p${at}`, fields }))
        const sorted = (groups: string[][]) => groups.map((ids) => [...ids].sort()).sort()
        assert.deepEqual(
          sorted(groupsByKeys(profiles, matching, level)),
          sorted(referenceGroups(profiles, matching, level)),
        )
      },
    ),
    { numRuns: 300 },
  )
})
