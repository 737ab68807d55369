/** Matches of profiles through the official client, over a real state database. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import {
  CreateDomainCommand,
  CreateProfileCommand,
  type CustomerProfilesClient,
  GetDomainCommand,
  GetMatchesCommand,
  GetSimilarProfilesCommand,
  ListRuleBasedMatchesCommand,
  SearchProfilesCommand,
  UpdateDomainCommand,
} from "@aws-sdk/client-customer-profiles"
import { matchAll } from "../../profiles/identity/matching-scene.ts"
import { type ServedDoor, serveDoor } from "../served-door.ts"
import { customerProfilesClient, refusal } from "./client.ts"

const DomainName = "shop"

let door: ServedDoor
let client: CustomerProfilesClient

before(async () => {
  door = await serveDoor()
  client = customerProfilesClient(door.endpoint)
  await client.send(new CreateDomainCommand({ DomainName, DefaultExpirationDays: 30 }))
})
after(async () => {
  client.destroy()
  await door.close()
})

async function person(FirstName: string, EmailAddress: string, PhoneNumber?: string): Promise<string> {
  const input = { DomainName, FirstName, EmailAddress, PhoneNumber }
  return (await client.send(new CreateProfileCommand(input))).ProfileId ?? ""
}

const rules = {
  Enabled: true,
  MatchingRules: [{ Rule: ["EmailAddress"] }, { Rule: ["PhoneNumber"] }],
  MaxAllowedRuleLevelForMatching: 2,
  MaxAllowedRuleLevelForMerging: 1,
}

test("rules go from PENDING to ACTIVE; profiles are merged, and those that only match are told", async () => {
  await person("Ann", "ann@x.example", "+12065550101")
  await person("Anna", "ANN@x.example")
  const bob = await person("Bob", "bob@x.example", "(206) 555-0101")
  const updated = await client.send(new UpdateDomainCommand({ DomainName, RuleBasedMatching: rules }))
  assert.equal(updated.RuleBasedMatching?.Status, "PENDING")
  await matchAll(door.store)
  const found = await client.send(new GetDomainCommand({ DomainName }))
  assert.deepEqual(found.RuleBasedMatching, { ...rules, Status: "ACTIVE" })
  assert.equal(found.Stats?.ProfileCount, 2)
  const search = new SearchProfilesCommand({ DomainName, KeyName: "_email", Values: ["ann@x.example"] })
  const [ann, ...others] = (await client.send(search)).Items ?? []
  assert.deepEqual([ann?.FirstName, ann?.PhoneNumber, others], ["Anna", "+12065550101", []])

  const group = [ann?.ProfileId, bob].sort()
  const { MatchIds } = await client.send(new ListRuleBasedMatchesCommand({ DomainName }))
  assert.deepEqual(MatchIds, [group[0]])
  const similar = await client.send(
    new GetSimilarProfilesCommand({
      DomainName,
      MatchType: "RULE_BASED_MATCHING",
      SearchKey: "_profileId",
      SearchValue: bob,
    }),
  )
  assert.deepEqual([similar.ProfileIds, similar.RuleLevel, similar.MatchId], [group, 2, group[0]])
  const { Matches, PotentialMatches } = await client.send(new GetMatchesCommand({ DomainName }))
  assert.deepEqual([Matches, PotentialMatches], [[], 0])
})

test("rules that cannot be applied are refused, and what is wrong is said", async () => {
  const change = (RuleBasedMatching: object) =>
    client.send(
      new UpdateDomainCommand({ DomainName, RuleBasedMatching: { ...rules, ...RuleBasedMatching } }),
    )
  for (const wrong of [
    { MatchingRules: [{ Rule: ["ShoeSize"] }] },
    { MatchingRules: undefined },
    { MaxAllowedRuleLevelForMatching: 1, MaxAllowedRuleLevelForMerging: 2 },
  ])
    assert.deepEqual(await refusal(change(wrong)), ["BadRequestException", 400])
  await assert.rejects(change({ MatchingRules: [{ Rule: ["ShoeSize"] }] }), /ShoeSize/)
})
