/** Rule-based matching and its merges, on a real state database. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { matchTurn } from "../../../src/profiles/identity/matching/match-turn.ts"
import type { RuleBasedMatching } from "../../../src/profiles/identity/rules/matching-rules.ts"
import { allProfiles, domainWith, ingest, objectType, profileIdOf, profilesForTests } from "../scene.ts"
import { failingAfter, groupsOf, matchAll, setRules } from "./matching-scene.ts"

const person = (name: string) =>
  objectType(name, {
    timestampFormat: undefined,
    fields: {
      id: { source: "_source.id" },
      email: { source: "_source.email", target: "_profile.EmailAddress", contentType: "EMAIL_ADDRESS" },
      phone: { source: "_source.phone", target: "_profile.PhoneNumber", contentType: "PHONE_NUMBER" },
      first: { source: "_source.first", target: "_profile.FirstName" },
      last: { source: "_source.last", target: "_profile.LastName" },
      sourceLastUpdatedTimestamp: { source: "_source.at" },
    },
    keys: { [`${name}Id`]: [{ fieldNames: ["id"], standardIdentifiers: ["UNIQUE", "PROFILE"] }] },
  })

const byMailThenName: RuleBasedMatching = {
  Enabled: true,
  MatchingRules: [{ Rule: ["EmailAddress"] }, { Rule: ["FirstName", "LastName"] }],
  MaxAllowedRuleLevelForMatching: 2,
  MaxAllowedRuleLevelForMerging: 1,
}

function sorted(ids: readonly (string | undefined)[]): string[] {
  return ids.flatMap((id) => id ?? []).sort()
}

describe("rule-based matching", () => {
  const state = profilesForTests()

  async function people(domain: string, objects: readonly object[], type = "Person"): Promise<string[]> {
    return (await ingest(state.store, { domain, objectType: type }, objects)).map(profileIdOf)
  }

  async function contentsOf(domain: string) {
    return await state.store.read(domain)
  }

  test("profiles match up to one level and are merged up to another", async () => {
    const domain = await domainWith(state.store, [person("Person")])
    const [a, b, c, d] = await people(domain, [
      { id: "1", email: "ann@x.example", first: "Ann", last: "Low", at: "2026-01-01T00:00:00Z" },
      { id: "2", email: "ANN@x.example", phone: "+12065550100", first: "Anna", at: "2026-01-02T00:00:00Z" },
      { id: "3", email: "other@x.example", first: "ann", last: "LOW" },
      { id: "4", email: "eve@x.example", first: "Eve", last: "Roe" },
    ])
    await setRules(state.all, domain, byMailThenName)
    await matchAll(state.all)

    const profiles = await allProfiles(state.store, domain)
    const [main, ...others] = profiles.filter(({ objectCount }) => objectCount === 2)
    assert.ok(main?.id === a || main?.id === b)
    assert.deepEqual(others, [])
    assert.deepEqual(sorted(profiles.map(({ id }) => id)), sorted([main?.id, c, d]))
    assert.deepEqual(main?.fields, {
      EmailAddress: "ANN@x.example",
      PhoneNumber: "+12065550100",
      FirstName: "Anna",
      LastName: "Low",
    })
    // By its new first name the merged profile matches the third no more.
    assert.deepEqual(await groupsOf(state.all, domain), [])

    const { journal, domain: record } = await contentsOf(domain)
    const actions = (await journal.since("0", 100)).slice(-2)
    assert.deepEqual(
      actions.map(({ profile, action }) => [profile, action]),
      [
        [main?.id, "MERGED"],
        [main?.id === a ? b : a, "DELETED_BY_MERGE"],
      ],
    )
    assert.equal(record.profileCount, 3)
    // The second record's key is the merged profile's now.
    assert.deepEqual(await people(domain, [{ id: "2", email: "new@x.example" }]), [main?.id])
  })

  test("a profile that comes or changes later joins a group, and leaves it", async () => {
    const domain = await domainWith(state.store, [person("Person")])
    const matchOnly = {
      ...byMailThenName,
      MaxAllowedRuleLevelForMerging: 1,
      MatchingRules: [{ Rule: ["BirthDate"] }, { Rule: ["EmailAddress"] }],
    }
    const [a, b] = await people(domain, [
      { id: "1", email: "ann@x.example" },
      { id: "2", email: "bob@x.example" },
    ])
    await setRules(state.all, domain, matchOnly)
    await matchAll(state.all)
    assert.deepEqual(await groupsOf(state.all, domain), [])

    const [c] = await people(domain, [{ id: "3", email: "ann@x.example" }])
    await matchAll(state.all)
    assert.deepEqual(await groupsOf(state.all, domain), [sorted([a, c])])

    await people(domain, [{ id: "2", email: "ann@x.example" }])
    await matchAll(state.all)
    assert.deepEqual(await groupsOf(state.all, domain), [sorted([a, b, c])])

    await people(domain, [{ id: "1", email: "gone@x.example" }])
    await matchAll(state.all)
    assert.deepEqual(await groupsOf(state.all, domain), [sorted([b, c])])
  })

  test("a merged profile matches by the values that it got", async () => {
    const domain = await domainWith(state.store, [person("Person")])
    const byMailOrPhone = {
      ...byMailThenName,
      MatchingRules: [{ Rule: ["EmailAddress"] }, { Rule: ["PhoneNumber"] }],
      MaxAllowedRuleLevelForMerging: 2,
    }
    await setRules(state.all, domain, byMailOrPhone)
    await matchAll(state.all)
    await people(domain, [
      { id: "1", email: "ann@x.example" },
      { id: "2", phone: "(206) 555-0101" },
      { id: "3", email: "ann@x.example", phone: "+1 206 555 0101" },
    ])
    await matchAll(state.all)
    const [only, ...others] = await allProfiles(state.store, domain)
    assert.deepEqual([only?.objectCount, others], [3, []])
  })

  test("by source the values of an object type count before newer ones", async () => {
    const domain = await domainWith(state.store, [person("Crm"), person("Web")])
    await setRules(state.all, domain, {
      ...byMailThenName,
      ConflictResolution: { ConflictResolvingModel: "SOURCE", SourceName: "Crm" },
    })
    await people(domain, [{ id: "1", email: "a@x.example", first: "Ann", at: "2026-01-01T00:00:00Z" }], "Crm")
    await people(
      domain,
      [{ id: "1", email: "a@x.example", first: "Anna", at: "2026-02-01T00:00:00Z" }],
      "Web",
    )
    await matchAll(state.all)
    const [only, ...others] = await allProfiles(state.store, domain)
    assert.deepEqual([only?.fields.FirstName, others], ["Ann", []])
  })

  test("what more than 500 profiles have in common is passed over and reported once", async () => {
    const domain = await domainWith(state.store, [person("Person")])
    const many = Array.from({ length: 501 }, (_, at) => ({ id: `m${at}`, email: "info@x.example" }))
    await people(domain, [...many, { id: "a", email: "a@x.example" }, { id: "b", email: "a@x.example" }])
    await setRules(state.all, domain, byMailThenName)
    await matchAll(state.all)
    await people(domain, [{ id: "m1000", email: "info@x.example" }])
    await matchAll(state.all)
    const { domain: record } = await contentsOf(domain)
    assert.equal(record.profileCount, 503)
    const letters = await deadLettersOf(record.number)
    assert.equal(letters.length, 1)
    assert.match(letters[0] ?? "", /rule level 1/)
  })

  async function deadLettersOf(domain: number): Promise<string[]> {
    const { default: pg } = await import("pg")
    const client = new pg.Client({ connectionString: state.url })
    await client.connect()
    try {
      const { rows } = await client.query<{ message: string }>(
        "select message from millrace.profile_dead_letters where domain = $1 and reason = 'matchTooCommon'",
        [domain],
      )
      return rows.map(({ message }) => message)
    } finally {
      await client.end()
    }
  }

  test("matching begins anew with other rules, and ends when it is switched off", async () => {
    const domain = await domainWith(state.store, [person("Person")])
    const [a, b, c] = await people(domain, [
      { id: "1", email: "ann@x.example", phone: "+12065550101" },
      { id: "2", email: "ann@x.example", phone: "+12065550102" },
      { id: "3", phone: "+12065550102" },
    ])
    const rule = (Rule: string[]) => ({ Enabled: true, MatchingRules: [{ Rule }] })
    await setRules(state.all, domain, rule(["EmailAddress"]))
    await matchAll(state.all)
    assert.deepEqual(await groupsOf(state.all, domain), [sorted([a, b])])
    await setRules(state.all, domain, rule(["PhoneNumber"]))
    await matchAll(state.all)
    assert.deepEqual(await groupsOf(state.all, domain), [sorted([b, c])])
    await setRules(state.all, domain, { Enabled: false })
    await matchAll(state.all)
    assert.deepEqual(await groupsOf(state.all, domain), [])
  })

  test("a turn that was broken off after any of its writes goes on to the same end", async () => {
    const objects = [1, 2, 3, 4].map((id) => ({ id: `${id}`, email: `p${id % 2}@x.example` }))
    for (const failing of [1, 2, 3, 4, 5, 6]) {
      const domain = await domainWith(state.store, [person("Person")])
      await people(domain, objects)
      await setRules(state.all, domain, byMailThenName)
      const identity = failingAfter(state.all.profileIdentity, failing)
      const parts = { profiles: state.store, identity, isWanted: () => true }
      const all = await state.all.profileIdentity.matchings.domains()
      const own = all.find(({ name }) => name === domain)
      assert.ok(own)
      await assert.rejects(matchTurn(parts, own), /cut off/)
      await matchAll(state.all)
      const profiles = await allProfiles(state.store, domain)
      assert.deepEqual(
        profiles.map(({ objectCount }) => objectCount),
        [2, 2],
      )
    }
  })
})
