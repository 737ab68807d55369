/** The Customer Profiles API through the official client, over a real state database. */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import {
  CreateDomainCommand,
  CreateProfileCommand,
  type CustomerProfilesClient,
  DeleteDomainCommand,
  DeleteProfileCommand,
  DeleteProfileObjectCommand,
  DeleteProfileObjectTypeCommand,
  GetDomainCommand,
  GetProfileObjectTypeCommand,
  ListDomainsCommand,
  ListProfileObjectsCommand,
  ListProfileObjectTypesCommand,
  ListTagsForResourceCommand,
  MergeProfilesCommand,
  PutProfileObjectCommand,
  PutProfileObjectTypeCommand,
  SearchProfilesCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateDomainCommand,
  UpdateProfileCommand,
} from "@aws-sdk/client-customer-profiles"
import { waitUntil } from "../../support/wait-until.ts"
import { account, partner, reader, region, type ServedDoor, serveDoor } from "../served-door.ts"
import { customerProfilesClient, refusal } from "./client.ts"
import { badTypes, order } from "./object-types.ts"

let door: ServedDoor
let client: CustomerProfilesClient

before(async () => {
  door = await serveDoor()
  client = customerProfilesClient(door.endpoint)
})
after(async () => {
  client.destroy()
  await door.close()
})

async function domain(DomainName: string): Promise<string> {
  await client.send(new CreateDomainCommand({ DomainName, DefaultExpirationDays: 366 }))
  return DomainName
}

async function put(DomainName: string, object: object): Promise<string | undefined> {
  const input = { DomainName, ObjectTypeName: "order", Object: JSON.stringify(object) }
  return (await client.send(new PutProfileObjectCommand(input))).ProfileObjectUniqueKey
}

async function search(DomainName: string, KeyName: string, ...Values: string[]) {
  return (await client.send(new SearchProfilesCommand({ DomainName, KeyName, Values }))).Items ?? []
}

describe("domains", () => {
  test("are made, read, changed, listed by pages and deleted", async () => {
    const made = await client.send(
      new CreateDomainCommand({
        DomainName: "life",
        DefaultExpirationDays: 30,
        Tags: { team: "data" },
        Matching: {
          Enabled: false,
          AutoMerging: { Enabled: true, MinAllowedConfidenceScoreForMerging: 0.8 },
        },
      }),
    )
    assert.equal(made.Matching?.AutoMerging?.MinAllowedConfidenceScoreForMerging, 0.8)
    await domain("life-2")
    const updated = await client.send(
      new UpdateDomainCommand({ DomainName: "life", DefaultExpirationDays: 60 }),
    )
    const read = await client.send(new GetDomainCommand({ DomainName: "life" }))
    assert.deepEqual(
      [updated.DefaultExpirationDays, read.DefaultExpirationDays, read.Tags, read.Stats?.ProfileCount],
      [60, 60, { team: "data" }, 0],
    )
    assert.ok(read.CreatedAt instanceof Date)
    const first = await client.send(new ListDomainsCommand({ MaxResults: 1 }))
    const second = await client.send(new ListDomainsCommand({ MaxResults: 1, NextToken: first.NextToken }))
    assert.deepEqual(
      [...(first.Items ?? []), ...(second.Items ?? [])].map((one) => one.DomainName),
      ["life", "life-2"],
    )
    for (const DomainName of ["life", "life-2"]) await client.send(new DeleteDomainCommand({ DomainName }))
    assert.deepEqual(await refusal(client.send(new GetDomainCommand({ DomainName: "life" }))), [
      "ResourceNotFoundException",
      404,
    ])
  })

  test("are refused as the service does", async () => {
    await domain("refused")
    const again = client.send(new CreateDomainCommand({ DomainName: "refused", DefaultExpirationDays: 1 }))
    assert.deepEqual(await refusal(again), ["BadRequestException", 400])
    const wrong = client.send(new CreateDomainCommand({ DomainName: "a b", DefaultExpirationDays: 1 }))
    assert.deepEqual(await refusal(wrong), ["BadRequestException", 400])
    const token = client.send(new ListDomainsCommand({ NextToken: "none-of-ours" }))
    assert.deepEqual(await refusal(token), ["BadRequestException", 400])
    const asReader = customerProfilesClient(door.endpoint, reader)
    const denied = asReader.send(new DeleteDomainCommand({ DomainName: "refused" }))
    assert.deepEqual(await refusal(denied), ["AccessDeniedException", 403])
    assert.equal((await asReader.send(new GetDomainCommand({ DomainName: "refused" }))).DomainName, "refused")
    const asPartner = customerProfilesClient(door.endpoint, partner)
    assert.deepEqual(await refusal(asPartner.send(new GetDomainCommand({ DomainName: "refused" }))), [
      "AccessDeniedException",
      403,
    ])
  })

  test("that are deleted leave nothing behind", async () => {
    const DomainName = await domain("gone")
    await client.send(new PutProfileObjectTypeCommand({ DomainName, ...order }))
    await put(DomainName, { id: 1, customer: { email: "a@example.com" } })
    const [{ number } = {}] = await door.sql(
      "select number from millrace.profile_domains where name = 'gone'",
    )
    await client.send(new DeleteDomainCommand({ DomainName }))
    await waitUntil(
      async () => {
        const [left] = await door.sql(
          `select (select count(*) from millrace.profiles where domain = $1) + (select count(*) from
            millrace.profile_objects where domain = $1) + (select count(*) from millrace.profile_keys where domain = $1)
            + (select count(*) from millrace.profile_history where domain = $1) as n`,
          [number],
        )
        return Number(left?.n) === 0 || undefined
      },
      { what: "the rows of the domain are removed" },
    )
  })
})

describe("object types", () => {
  test("are put, read as they were given, listed and deleted with the values that they gave", async () => {
    const DomainName = await domain("types")
    const made = await client.send(
      new PutProfileObjectTypeCommand({ DomainName, ...order, Tags: { a: "b" } }),
    )
    const read = await client.send(new GetProfileObjectTypeCommand({ DomainName, ObjectTypeName: "order" }))
    assert.deepEqual([made.Fields, made.Keys], [order.Fields, order.Keys])
    assert.deepEqual([read.Fields, read.Keys, read.Tags], [order.Fields, order.Keys, { a: "b" }])
    const { Items } = await client.send(new ListProfileObjectTypesCommand({ DomainName }))
    assert.deepEqual(
      Items?.map((one) => one.ObjectTypeName),
      ["order"],
    )
    await put(DomainName, { id: 1, customer: { email: "t@example.com" }, city: "Bern" })
    const [{ ProfileId = "" } = {}] = await search(DomainName, "_email", "t@example.com")
    await client.send(new UpdateProfileCommand({ DomainName, ProfileId, LastName: "By hand" }))
    await client.send(new DeleteProfileObjectTypeCommand({ DomainName, ObjectTypeName: "order" }))
    const left = await waitUntil(
      async () => {
        const [found] = await search(DomainName, "_profileId", ProfileId)
        return found?.EmailAddress === undefined ? found : undefined
      },
      { what: "the values of the type are cleared" },
    )
    assert.deepEqual([left.LastName, left.Address], ["By hand", undefined])
    assert.deepEqual(await search(DomainName, "_email", "t@example.com"), [])
  })

  for (const [what, change] of badTypes)
    test(`${what} are refused`, async () => {
      const DomainName = `bad-${what.replace(/\W+/g, "-").slice(0, 40)}`
      await domain(DomainName)
      const call = client.send(new PutProfileObjectTypeCommand({ DomainName, ...order, ...change }))
      assert.deepEqual(await refusal(call), ["BadRequestException", 400])
    })
})

describe("objects and profiles", () => {
  test("an object fills the profile that its keys find, and is found by them in any form", async () => {
    const DomainName = await domain("fill")
    await client.send(new PutProfileObjectTypeCommand({ DomainName, ...order }))
    const customer = { email: "Ann@Example.com", phone: "(206) 555-0100", first: "Ann", last: "Li" }
    const key = await put(DomainName, { id: 1, customer, city: "Bern", tier: "gold" })
    await put(DomainName, { id: 2, customer: { email: "ann@example.com" }, city: "Basel" })
    const [profile, ...more] = await search(DomainName, "_phone", "+1 206 555 0100")
    assert.deepEqual(more, [])
    assert.deepEqual(
      [profile?.EmailAddress, profile?.FirstName, profile?.Address?.City, profile?.Attributes?.tier],
      ["ann@example.com", "Ann Li", "Basel", "gold"],
    )
    const { ProfileId = "" } = profile ?? {}
    const list = { DomainName, ObjectTypeName: "order", ProfileId }
    const all = await client.send(new ListProfileObjectsCommand(list))
    assert.equal(all.Items?.length, 2)
    const filtered = await client.send(
      new ListProfileObjectsCommand({ ...list, ObjectFilter: { KeyName: "_orderId", Values: ["1"] } }),
    )
    assert.deepEqual(
      filtered.Items?.map((one) => one.ProfileObjectUniqueKey),
      [key],
    )
    assert.deepEqual(JSON.parse(filtered.Items?.[0]?.Object ?? "").customer, customer)
  })

  test("an object that cannot be taken is refused, and one without a profile waits as a dead letter", async () => {
    const DomainName = await domain("letters")
    await client.send(new PutProfileObjectTypeCommand({ DomainName, ...order, AllowProfileCreation: false }))
    assert.deepEqual(await refusal(put(DomainName, { city: "Bern" })), ["BadRequestException", 400])
    assert.equal(await put(DomainName, { id: 9, customer: { email: "x@example.com" } }), "9")
    const letters = await door.sql("select reason, object_type from millrace.profile_dead_letters")
    assert.deepEqual(letters, [{ reason: "noProfile", object_type: "order" }])
  })

  test("values that people set are kept, and are keys of their own", async () => {
    const DomainName = await domain("people")
    await client.send(new PutProfileObjectTypeCommand({ DomainName, ...order }))
    const { ProfileId } = await client.send(
      new CreateProfileCommand({
        DomainName,
        EmailAddress: "bo@example.com",
        Address: { City: "Chur" },
        Attributes: { tier: "silver" },
      }),
    )
    await put(DomainName, {
      id: 1,
      customer: { email: "BO@example.com", first: "Bo" },
      city: "Bern",
      tier: "gold",
    })
    const [found] = await search(DomainName, "_email", "bo@EXAMPLE.com")
    assert.deepEqual(
      [found?.ProfileId, found?.Address?.City, found?.Attributes?.tier, found?.FirstName],
      [ProfileId, "Chur", "silver", "Bo"],
    )
    await client.send(new UpdateProfileCommand({ DomainName, ProfileId, Address: { City: "" } }))
    await put(DomainName, { id: 2, customer: { email: "bo@example.com" }, city: "Bern" })
    const [changed] = await search(DomainName, "_profileId", ProfileId ?? "")
    assert.equal(changed?.Address?.City, "Bern")
    const gone = { DomainName, ProfileId, ObjectTypeName: "order", ProfileObjectUniqueKey: "2" }
    await client.send(new DeleteProfileObjectCommand(gone))
    const missing = await refusal(client.send(new DeleteProfileObjectCommand(gone)))
    assert.deepEqual(missing, ["ResourceNotFoundException", 404])
    await client.send(new DeleteProfileCommand({ DomainName, ProfileId }))
    assert.deepEqual(await search(DomainName, "_email", "bo@example.com"), [])
    const { Stats } = await client.send(new GetDomainCommand({ DomainName }))
    assert.deepEqual([Stats?.ProfileCount, Stats?.ObjectCount, Stats?.TotalSize], [0, 0, 0])
  })

  test("a search may ask for several keys, all of them or any", async () => {
    const DomainName = await domain("several")
    await client.send(
      new CreateProfileCommand({ DomainName, EmailAddress: "a@example.com", AccountNumber: "1" }),
    )
    await client.send(
      new CreateProfileCommand({ DomainName, EmailAddress: "a@example.com", AccountNumber: "2" }),
    )
    const input = {
      DomainName,
      KeyName: "_email",
      Values: ["a@example.com"],
      AdditionalSearchKeys: [{ KeyName: "_account", Values: ["2"] }],
    }
    const all = await client.send(new SearchProfilesCommand({ ...input, LogicalOperator: "AND" }))
    const any = await client.send(
      new SearchProfilesCommand({ ...input, LogicalOperator: "OR", MaxResults: 1 }),
    )
    const rest = await client.send(
      new SearchProfilesCommand({ ...input, LogicalOperator: "OR", NextToken: any.NextToken }),
    )
    assert.deepEqual(
      all.Items?.map((one) => one.AccountNumber),
      ["2"],
    )
    assert.deepEqual([any.Items?.length, rest.Items?.length, rest.NextToken], [1, 1, undefined])
  })

  test("merged profiles are one: with all objects and keys, and the values that were asked for", async () => {
    const DomainName = await domain("merge")
    await client.send(new PutProfileObjectTypeCommand({ DomainName, ...order }))
    await put(DomainName, { id: 1, customer: { email: "m1@example.com", first: "M1" }, city: "Bern" })
    await put(DomainName, { id: 2, customer: { email: "m2@example.com", first: "M2" }, tier: "gold" })
    const [{ ProfileId: main = "" } = {}] = await search(DomainName, "_email", "m1@example.com")
    const [{ ProfileId: other = "" } = {}] = await search(DomainName, "_email", "m2@example.com")
    await client.send(
      new MergeProfilesCommand({
        DomainName,
        MainProfileId: main,
        ProfileIdsToBeMerged: [other],
        FieldSourceProfileIds: { FirstName: other },
      }),
    )
    const [merged] = await search(DomainName, "_email", "m2@example.com")
    assert.deepEqual(
      [
        merged?.ProfileId,
        merged?.EmailAddress,
        merged?.FirstName,
        merged?.Address?.City,
        merged?.Attributes?.tier,
      ],
      [main, "m1@example.com", "M2", "Bern", "gold"],
    )
    const { Stats } = await client.send(new GetDomainCommand({ DomainName }))
    assert.deepEqual([Stats?.ProfileCount, Stats?.ObjectCount], [1, 2])
  })
})

describe("tags", () => {
  test("of domains and object types are added, shown and taken away", async () => {
    const DomainName = await domain("tagged")
    await client.send(new PutProfileObjectTypeCommand({ DomainName, ...order }))
    const domainArn = `arn:aws:profile:${region}:${account}:domains/tagged`
    for (const resourceArn of [domainArn, `${domainArn}/object-types/order`]) {
      await client.send(new TagResourceCommand({ resourceArn, tags: { a: "1", b: "2" } }))
      await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }))
      assert.deepEqual((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags, { b: "2" })
    }
    const none = client.send(new ListTagsForResourceCommand({ resourceArn: `${domainArn}-2` }))
    assert.deepEqual(await refusal(none), ["ResourceNotFoundException", 404])
  })
})
