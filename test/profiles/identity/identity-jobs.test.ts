/** Identity resolution jobs on a real state database. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { BatchMatching } from "../../../src/profiles/identity/batch/identity-jobs.ts"
import { runJob } from "../../../src/profiles/identity/batch/run-job.ts"
import { allProfiles, domainWith, ingest, objectType, profilesForTests } from "../scene.ts"
import { lookAt } from "./job-scene.ts"
import { failingAfter } from "./matching-scene.ts"

const person = objectType("Person", {
  fields: {
    id: { source: "_source.id" },
    email: { source: "_source.email", target: "_profile.EmailAddress", contentType: "EMAIL_ADDRESS" },
    phone: { source: "_source.phone", target: "_profile.PhoneNumber", contentType: "PHONE_NUMBER" },
    first: { source: "_source.first", target: "_profile.FirstName" },
    sourceLastUpdatedTimestamp: { source: "_source.at" },
  },
  keys: { personId: [{ fieldNames: ["id"], standardIdentifiers: ["UNIQUE", "PROFILE"] }] },
})

const matching: BatchMatching = {
  Enabled: true,
  AutoMerging: {
    Enabled: true,
    Consolidation: { MatchingAttributesList: [["EmailAddress"], ["PhoneNumber"]] },
    ConflictResolution: { ConflictResolvingModel: "RECENCY" },
  },
}
/** A Saturday at midnight. */
const dueMs = Date.parse("2026-12-05T00:00:00Z")

describe("identity resolution jobs", () => {
  const state = profilesForTests()

  /** A domain with three persons in two profiles each. */
  async function doubled(): Promise<string> {
    const domain = await domainWith(state.store, [person])
    const objects = [1, 2, 3].flatMap((id) => [
      {
        id: `${id}a`,
        email: `p${id}@x.example`,
        phone: `+1206555010${id}`,
        first: "Ann",
        at: "2026-01-01T00:00:00Z",
      },
      {
        id: `${id}b`,
        email: `P${id}@x.example`,
        phone: `+1206555010${id}`,
        first: "Anne",
        at: "2026-01-02T00:00:00Z",
      },
    ])
    await ingest(state.store, { domain, objectType: "Person" }, objects)
    await state.store.change(domain, async (locked) => {
      await locked.settings.replace({ ...locked.domain, matching: JSON.stringify(matching) })
    })
    await lookAt(state.all, dueMs - 1)
    return domain
  }

  const openJob = async (domain: string) =>
    (await state.all.profileIdentity.jobs.domains()).find(({ name }) => name === domain)

  test("a job that was broken off after any of its writes goes on to the same end", async () => {
    const ends: string[][] = []
    for (const failing of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const domain = await doubled()
      const found = await openJob(domain)
      assert.ok(found?.open)
      const identity = failingAfter(state.all.profileIdentity, failing)
      const parts = { profiles: state.store, identity, isWanted: () => true }
      const work = { number: found.number, name: domain, job: found.open, merging: matching.AutoMerging }
      const broken = await runJob(parts, work).then(
        () => "ended",
        ({ message }: Error) => message,
      )
      await lookAt(state.all, dueMs)
      const profiles = await allProfiles(state.store, domain)
      assert.deepEqual(
        profiles.map(({ objectCount, fields }) => [objectCount, fields.FirstName]),
        [
          [2, "Anne"],
          [2, "Anne"],
          [2, "Anne"],
        ],
        `broken off at call ${failing}`,
      )
      const job = await state.all.profileIdentity.jobs.find(found.number, found.open.id)
      ends.push([broken, job?.status ?? ""])
    }
    assert.deepEqual(ends[0], ["cut off", "COMPLETED"])
    assert.deepEqual(ends.at(-1)?.[1], "COMPLETED")
    assert.ok(ends.filter(([broken]) => broken === "cut off").length >= 6, JSON.stringify(ends))
  })

  test("a process that is to stop leaves the job to the next one", async () => {
    const domain = await doubled()
    const found = await openJob(domain)
    assert.ok(found?.open)
    const parts = { profiles: state.store, identity: state.all.profileIdentity, isWanted: () => false }
    await runJob(parts, {
      number: found.number,
      name: domain,
      job: found.open,
      merging: matching.AutoMerging,
    })
    assert.equal((await openJob(domain))?.open?.status, "PREPROCESSING")
    await lookAt(state.all, dueMs)
    assert.equal((await allProfiles(state.store, domain)).length, 3)
  })
})
