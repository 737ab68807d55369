/** Event triggers and event streams through the official client, over a real state database. */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import {
  CreateDomainCommand,
  CreateEventStreamCommand,
  CreateEventTriggerCommand,
  type CustomerProfilesClient,
  DeleteEventStreamCommand,
  DeleteEventTriggerCommand,
  type EventTriggerCondition,
  GetEventStreamCommand,
  GetEventTriggerCommand,
  ListEventStreamsCommand,
  ListEventTriggersCommand,
  UpdateEventTriggerCommand,
} from "@aws-sdk/client-customer-profiles"
import { account, allowedWebhook, reader, region, type ServedDoor, serveDoor } from "../served-door.ts"
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

const above = (value: string): EventTriggerCondition => ({
  LogicalOperator: "ANY",
  EventTriggerDimensions: [
    { ObjectAttributes: [{ FieldName: "total", ComparisonOperator: "GREATER_THAN", Values: [value] }] },
  ],
})

describe("event triggers", () => {
  const large = {
    DomainName,
    EventTriggerName: "large",
    ObjectTypeName: "order",
    Description: "large orders",
    EventTriggerConditions: [above("100")],
    EventTriggerLimits: {
      EventExpiration: 60_000,
      Periods: [{ Unit: "HOURS" as const, Value: 1, MaxInvocationsPerProfile: 2 }],
    },
    Tags: { team: "data" },
  }

  test("are made, read, changed in part, listed by pages and deleted", async () => {
    const { DomainName: _, ...settings } = large
    const made = await client.send(new CreateEventTriggerCommand(large))
    const { $metadata: _metadata, CreatedAt, LastUpdatedAt, ...shown } = made
    assert.deepEqual(shown, settings)
    assert.ok(CreatedAt instanceof Date && LastUpdatedAt instanceof Date)
    const name = { DomainName, EventTriggerName: "large" }
    const conditions = [above("200"), above("300")]
    await client.send(new UpdateEventTriggerCommand({ ...name, EventTriggerConditions: conditions }))
    const changed = await client.send(new GetEventTriggerCommand(name))
    assert.deepEqual(changed.EventTriggerConditions, conditions)
    assert.deepEqual(
      [changed.Description, changed.EventTriggerLimits],
      [large.Description, large.EventTriggerLimits],
    )
    await client.send(new CreateEventTriggerCommand({ ...large, EventTriggerName: "larger" }))
    const first = await client.send(new ListEventTriggersCommand({ DomainName, MaxResults: 1 }))
    const second = await client.send(new ListEventTriggersCommand({ DomainName, NextToken: first.NextToken }))
    const names = [...(first.Items ?? []), ...(second.Items ?? [])].map((one) => one.EventTriggerName)
    assert.deepEqual([names, second.NextToken], [["large", "larger"], undefined])
    for (const EventTriggerName of names)
      await client.send(new DeleteEventTriggerCommand({ DomainName, EventTriggerName }))
    assert.deepEqual(await refusal(client.send(new GetEventTriggerCommand(name))), [
      "ResourceNotFoundException",
      404,
    ])
  })

  test("are refused where something is wrong with them, by name", async () => {
    const create = (change: object) =>
      refusal(client.send(new CreateEventTriggerCommand({ ...large, ...change })))
    const bad = ["BadRequestException", 400]
    assert.deepEqual(await create({ EventTriggerConditions: [above("many")] }), bad)
    assert.deepEqual(await create({ SegmentFilter: "vips" }), bad)
    assert.deepEqual(await create({ EventTriggerConditions: Array(6).fill(above("1")) }), bad)
    assert.deepEqual(await create({ DomainName: "none" }), ["ResourceNotFoundException", 404])
    await client.send(new CreateEventTriggerCommand(large))
    assert.deepEqual(await create({}), bad)
    const readers = customerProfilesClient(door.endpoint, reader)
    const remove = readers.send(new DeleteEventTriggerCommand({ DomainName, EventTriggerName: "large" }))
    assert.deepEqual(await refusal(remove), ["AccessDeniedException", 403])
    readers.destroy()
  })
})

describe("event streams", () => {
  const all = { DomainName, EventStreamName: "all", Uri: `${allowedWebhook}/all` }
  const arn = `arn:aws:profile:${region}:${account}:domains/${DomainName}/event-streams/all`

  test("are made, read, listed and deleted", async () => {
    const made = await client.send(new CreateEventStreamCommand({ ...all, Tags: { team: "data" } }))
    assert.deepEqual([made.EventStreamArn, made.Tags], [arn, { team: "data" }])
    const name = { DomainName, EventStreamName: "all" }
    const found = await client.send(new GetEventStreamCommand(name))
    assert.equal(found.State, "RUNNING")
    assert.deepEqual(found.DestinationDetails, { Uri: all.Uri, Status: "HEALTHY" })
    const { Items = [] } = await client.send(new ListEventStreamsCommand({ DomainName }))
    assert.deepEqual(
      Items.map(({ EventStreamArn, DestinationSummary }) => [EventStreamArn, DestinationSummary?.Status]),
      [[arn, "HEALTHY"]],
    )
    await client.send(new DeleteEventStreamCommand(name))
    assert.deepEqual(await refusal(client.send(new GetEventStreamCommand(name))), [
      "ResourceNotFoundException",
      404,
    ])
  })

  test("go to addresses of the configuration only", async () => {
    for (const Uri of ["http://169.254.169.254/latest", "arn:aws:kinesis:us-east-1:123456789012:stream/all"])
      assert.deepEqual(await refusal(client.send(new CreateEventStreamCommand({ ...all, Uri }))), [
        "BadRequestException",
        400,
      ])
  })
})
