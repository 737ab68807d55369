/** Identity resolution jobs through the official client, over a real state database. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import {
  type AutoMerging as AutoMergingSettings,
  CreateDomainCommand,
  CreateProfileCommand,
  type CustomerProfilesClient,
  GetAutoMergingPreviewCommand,
  GetDomainCommand,
  GetIdentityResolutionJobCommand,
  GetMatchesCommand,
  ListIdentityResolutionJobsCommand,
  type MatchingRequest,
  SearchProfilesCommand,
  UpdateDomainCommand,
} from "@aws-sdk/client-customer-profiles"
import { lookAt } from "../../profiles/identity/job-scene.ts"
import { type ServedDoor, serveDoor } from "../served-door.ts"
import { customerProfilesClient, refusal } from "./client.ts"

const DomainName = "shop"
const weekMs = 7 * 86_400_000
const AutoMerging: Required<Omit<AutoMergingSettings, "MinAllowedConfidenceScoreForMerging">> = {
  Enabled: true,
  Consolidation: { MatchingAttributesList: [["EmailAddress"]] },
  ConflictResolution: { ConflictResolvingModel: "RECENCY" },
}
const Matching: MatchingRequest = {
  Enabled: true,
  JobSchedule: { DayOfTheWeek: "MONDAY", Time: "3:30" },
  AutoMerging,
}

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

async function person(input: { FirstName: string; EmailAddress?: string; PhoneNumber?: string }) {
  return (await client.send(new CreateProfileCommand({ DomainName, LastName: "Low", ...input }))).ProfileId
}

const jobs = async () =>
  (await client.send(new ListIdentityResolutionJobsCommand({ DomainName }))).IdentityResolutionJobsList ?? []

test("a job is scheduled, compares profiles and merges those that its lists of attributes name", async () => {
  const ann = await person({ FirstName: "Ann", EmailAddress: "ann@x.example", PhoneNumber: "+12065550101" })
  await person({ FirstName: "Anne", EmailAddress: "ANN@x.example", PhoneNumber: "+12065550101" })
  const an = await person({ FirstName: "An", PhoneNumber: "(206) 555-0101" })
  await person({ FirstName: "Bob", EmailAddress: "bob@x.example" })
  await client.send(new UpdateDomainCommand({ DomainName, Matching }))
  await lookAt(door.store, Date.now())

  const [scheduled, ...others] = await jobs()
  assert.deepEqual([scheduled?.Status, others], ["PENDING", []])
  const startsAt = scheduled?.JobStartTime ?? new Date(0)
  assert.match(startsAt.toISOString(), /T03:30:00/)
  assert.equal(startsAt.getUTCDay(), 1)

  await lookAt(door.store, startsAt.getTime())
  const JobId = scheduled?.JobId ?? ""
  const job = await client.send(new GetIdentityResolutionJobCommand({ DomainName, JobId }))
  assert.deepEqual(
    [job.Status, job.Message, job.JobStats],
    ["COMPLETED", undefined, { NumberOfProfilesReviewed: 4, NumberOfMatchesFound: 1, NumberOfMergesDone: 1 }],
  )
  assert.ok(job.JobEndTime !== undefined)
  assert.deepEqual(job.AutoMerging, AutoMerging)
  const { Stats } = await client.send(new GetDomainCommand({ DomainName }))
  assert.equal(Stats?.ProfileCount, 3)
  const search = new SearchProfilesCommand({ DomainName, KeyName: "_email", Values: ["ann@x.example"] })
  const [kept] = (await client.send(search)).Items ?? []
  // The oldest profile stays, with the newest values.
  assert.deepEqual([kept?.ProfileId, kept?.FirstName], [ann, "Anne"])

  // The one without the e-mail address still matches, and is left to people.
  const { Matches, PotentialMatches } = await client.send(new GetMatchesCommand({ DomainName }))
  assert.equal(PotentialMatches, 1)
  assert.deepEqual(Matches?.[0]?.ProfileIds, [ann, an].sort())
  const score = Matches?.[0]?.ConfidenceScore ?? 0
  assert.ok(score > 0.5 && score < 1, `confidence ${score}`)
})

test("a preview counts what would be merged, and merges nothing", async () => {
  const preview = (lists: string[][], least?: number) =>
    client.send(
      new GetAutoMergingPreviewCommand({
        DomainName,
        Consolidation: { MatchingAttributesList: lists },
        ConflictResolution: { ConflictResolvingModel: "RECENCY" },
        MinAllowedConfidenceScoreForMerging: least,
      }),
    )
  const counts = async (lists: string[][], least?: number) => {
    const found = await preview(lists, least)
    return [found.NumberOfMatchesInSample, found.NumberOfProfilesInSample, found.NumberOfProfilesWillBeMerged]
  }
  assert.deepEqual(await counts([["PhoneNumber"]]), [1, 2, 1])
  assert.deepEqual(await counts([["PhoneNumber"]], 1), [1, 2, 0])
  assert.deepEqual(await counts([["EmailAddress"]]), [1, 2, 0])
  const { Stats } = await client.send(new GetDomainCommand({ DomainName }))
  assert.equal(Stats?.ProfileCount, 3)
})

test("the next week has its own job; without Matching there is none, and there are no matches", async () => {
  await lookAt(door.store, Date.now() + weekMs)
  const statuses = (await jobs()).map(({ Status }) => Status)
  assert.deepEqual(statuses, ["PENDING", "COMPLETED"])
  await client.send(new UpdateDomainCommand({ DomainName, Matching: { Enabled: false } }))
  await lookAt(door.store, Date.now())
  assert.deepEqual(
    (await jobs()).map(({ Status }) => Status),
    ["COMPLETED"],
  )
  const { Matches } = await client.send(new GetMatchesCommand({ DomainName }))
  assert.deepEqual(Matches, [])
})

test("what could not be carried out is refused", async () => {
  const change = (matching: object) =>
    client.send(new UpdateDomainCommand({ DomainName, Matching: { ...Matching, ...matching } }))
  assert.deepEqual(await refusal(change({ AutoMerging: { Enabled: true } })), ["BadRequestException", 400])
  const ExportingConfig = { S3Exporting: { S3BucketName: "bucket" } }
  await assert.rejects(change({ ExportingConfig }), /ExportingConfig.*GetMatches/)
  const JobId = "0".repeat(32)
  assert.deepEqual(await refusal(client.send(new GetIdentityResolutionJobCommand({ DomainName, JobId }))), [
    "ResourceNotFoundException",
    404,
  ])
})
