import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import "../../../../test/support/seed.ts"
import { phoneComparison } from "../comparable-phone.ts"
import type { ProfileFields } from "../comparable-values.ts"
import type { MergeableProfile } from "../merge/merged-fields.ts"
import { confidenceOf, traitsOf } from "./confidence.ts"
import { consolidate, mistakesInAutoMerging } from "./consolidation.ts"
import { type MatchGroup, matchGroupsOf } from "./match-groups.ts"
import { similarity } from "./similarity.ts"

const comparePhone = await phoneComparison()

type Person = { id: string; fields: ProfileFields }

/** Groups as a job finds them. */
async function groupsOf(people: readonly Person[]): Promise<MatchGroup[] | undefined> {
  const traits = new Map(people.map(({ id, fields }) => [id, traitsOf(fields, comparePhone)]))
  return await matchGroupsOf(traits, () => true)
}

const confidence = (a: object, b: object) =>
  confidenceOf(traitsOf({ ...a }, comparePhone), traitsOf({ ...b }, comparePhone))

const john = {
  FirstName: "John",
  LastName: "Doe",
  EmailAddress: "JOHN_DOE@anycompany.example",
  PhoneNumber: "+1 555 010 0000",
  BirthDate: "1980-01-02",
}

test("equal profiles are matched with 1, those of different persons with little, those without a common trait with 0", () => {
  assert.equal(confidence(john, { ...john, EmailAddress: "john_doe@anycompany.example" }), 1)
  assert.ok(confidence(john, { FirstName: "Eve", LastName: "Roe", PhoneNumber: "7" }) < 0.2)
  assert.equal(confidence({ FirstName: "John" }, { PhoneNumber: "1" }), 0)
})

test("a spelling mistake costs as much as its letters; what one profile lacks costs nothing", () => {
  assert.equal(similarity("john doe", "jhn doe"), 1 - 1 / 8)
  assert.equal(similarity("", ""), 1)
  assert.equal(similarity("", "ab"), 0)
  const name = { FirstName: "Jhn", LastName: "Doe", PersonalEmailAddress: "john_doe@anycompany.example" }
  assert.equal(confidence(john, name), Math.round(((0.35 + 0.2 * (7 / 8)) / 0.55) * 10_000) / 10_000)
})

test("groups hold who is linked; a group is as sure as the weakest link that holds it together", async () => {
  const profiles = [
    { id: "c", fields: { FirstName: "Jhn", LastName: "Doe", PhoneNumber: john.PhoneNumber } },
    { id: "a", fields: john },
    { id: "b", fields: { ...john, PhoneNumber: undefined } },
    { id: "x", fields: { FirstName: "Eve", EmailAddress: "eve@x.example" } },
  ]
  const weakest = confidence(john, profiles[0]?.fields ?? {})
  assert.ok(weakest < 1)
  assert.deepEqual(await groupsOf(profiles), [{ profileIds: ["a", "b", "c"], confidence: weakest }])
})

test("the order of the profiles changes no group and no confidence", async () => {
  const name = fc.constantFrom("Ann Low", "Anne Low", "Bob Roe", undefined)
  const fields = fc.record({
    FirstName: name,
    EmailAddress: fc.constantFrom("a@x", "b@x", undefined),
    PhoneNumber: fc.constantFrom("1", "2", undefined),
    BirthDate: fc.constantFrom("2000-01-01", undefined),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fields, { maxLength: 7 }), fc.infiniteStream(fc.nat()), async (all, order) => {
      const profiles = all.map((one, at): Person => ({ id: `p${at}`, fields: one }))
      const shuffled = profiles
        .map((one) => ({ one, at: order.next().value }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one)
      assert.deepEqual(await groupsOf(shuffled), await groupsOf(profiles))
    }),
    { numRuns: 100 },
  )
})

function profile(id: string, atMs: number, values: Record<string, string>): MergeableProfile {
  const sourced = Object.entries(values).map(([field, value]) => [field, { value, atMs, source: 1 }] as const)
  return { id, createdAtMs: atMs, values: new Map(sourced) }
}

/** A and B agree in the e-mail address; what they become has the newer phone number, that of B. */
const three = (phoneOfC: string) => [
  profile("a", 1, { EmailAddress: "x@x.example", PhoneNumber: "111" }),
  profile("b", 2, { EmailAddress: "X@x.example", PhoneNumber: "222" }),
  profile("c", 3, { EmailAddress: "y@x.example", PhoneNumber: phoneOfC }),
]
const newest = { kind: "newest", source: undefined } as const
const by = (lists: string[][]) => ({ lists, resolution: newest, comparePhone })
const byMailThenPhone = by([["EmailAddress"], ["PhoneNumber"]])

test("three profiles: the second list is applied to what the first one left", () => {
  assert.deepEqual(consolidate(three("222"), byMailThenPhone), [{ main: "a", merged: ["b", "c"] }])
  // The phone number that A lost to B's newer one matches no more.
  assert.deepEqual(consolidate(three("111"), byMailThenPhone), [{ main: "a", merged: ["b"] }])
})

test("three profiles: the order of the lists is their priority", () => {
  const byPhoneThenMail = by([["PhoneNumber"], ["EmailAddress"]])
  // A and C become one by phone, with the newer address, that of C: B is left alone.
  assert.deepEqual(consolidate(three("111"), byPhoneThenMail), [{ main: "a", merged: ["c"] }])
})

test("all attributes of a list have to be there and equal", () => {
  const both = by([["EmailAddress", "PhoneNumber"]])
  assert.deepEqual(consolidate(three("111"), both), [])
  const nameless = [profile("a", 1, { EmailAddress: "x" }), profile("b", 1, { EmailAddress: "x" })]
  assert.deepEqual(consolidate(nameless, both), [])
})

test("what is wrong with a configuration of auto-merging is said", () => {
  const list = (count: number) => Array.from({ length: count }, (_, at) => `Attributes.a${at}`)
  const of = (lists: string[][], least = 0.5) =>
    mistakesInAutoMerging({
      Enabled: true,
      Consolidation: { MatchingAttributesList: lists },
      MinAllowedConfidenceScoreForMerging: least,
    })
  assert.deepEqual(of([list(20)]), [])
  assert.match(of([list(21)])[0] ?? "", /List 1 .*1 to 20/)
  assert.match(of(Array.from({ length: 11 }, () => ["Gender"]))[0] ?? "", /11 lists; at most 10/)
  assert.match(of([["Gender"]], 1.5)[0] ?? "", /from 0 to 1/)
})
