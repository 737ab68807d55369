/** Integrations of the Customer Profiles API through the official client, over a real state database. Nothing here runs their flows. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { UpdateResourceCommand } from "@aws-sdk/client-cloudcontrol"
import {
  CreateDomainCommand,
  type CustomerProfilesClient,
  DeleteDomainCommand,
  DeleteIntegrationCommand,
  type FlowDefinition,
  GetIntegrationCommand,
  ListAccountIntegrationsCommand,
  ListIntegrationsCommand,
  PutIntegrationCommand,
  type PutIntegrationCommandInput,
  PutProfileObjectTypeCommand,
} from "@aws-sdk/client-customer-profiles"
import { customerProfilesHandlers } from "../../../src/resources/customer-profiles/handlers.ts"
import { cloudControlClient, ended } from "../cloudcontrol/client.ts"
import { account, partner, reader, region, type ServedDoor, serveDoor } from "../served-door.ts"
import { customerProfilesClient, refusal } from "./client.ts"
import { order } from "./object-types.ts"

let door: ServedDoor
let client: CustomerProfilesClient

before(async () => {
  door = await serveDoor({ resourceHandlers: (_plane, profiles) => customerProfilesHandlers(profiles) })
  client = customerProfilesClient(door.endpoint)
})
after(async () => {
  client.destroy()
  await door.close()
})

const badRequest = ["BadRequestException", 400]
const notFound = ["ResourceNotFoundException", 404]
const flowUri = (name: string) => `arn:aws:appflow:${region}:${account}:flow/${name}`

/** A domain that has the object type `order`. */
async function domain(DomainName: string): Promise<string> {
  await client.send(new CreateDomainCommand({ DomainName, DefaultExpirationDays: 366 }))
  await client.send(new PutProfileObjectTypeCommand({ DomainName, ...order }))
  return DomainName
}

const put = async (input: PutIntegrationCommandInput) => await client.send(new PutIntegrationCommand(input))
const get = async (DomainName: string, Uri: string) =>
  await client.send(new GetIntegrationCommand({ DomainName, Uri }))

function flow(FlowName: string, change: Partial<FlowDefinition> = {}): FlowDefinition {
  return {
    FlowName,
    KmsArn: "arn:aws:kms:us-east-1:123456789012:key/1",
    Tasks: [
      { TaskType: "Filter", ConnectorOperator: { S3: "PROJECTION" }, SourceFields: ["id", "email"] },
      {
        TaskType: "Mask",
        ConnectorOperator: { S3: "MASK_FIRST_N" },
        SourceFields: ["id"],
        TaskProperties: { MASK_LENGTH: "1" },
      },
      {
        TaskType: "Map",
        ConnectorOperator: { S3: "NO_OP" },
        SourceFields: ["id"],
        DestinationField: "id",
      },
    ],
    TriggerConfig: { TriggerType: "OnDemand" },
    SourceFlowConfig: {
      ConnectorType: "S3",
      SourceConnectorProperties: { S3: { BucketName: "landing", BucketPrefix: "orders" } },
    },
    ...change,
  }
}

/** Of the integration, whether a run was asked for since the last look. */
async function wantedRun(uri: string): Promise<unknown> {
  const [found] = await door.sql("select run_wanted from millrace.profile_integrations where uri = $1", [uri])
  await door.sql("update millrace.profile_integrations set run_wanted = false where uri = $1", [uri])
  return found?.run_wanted
}

test("an integration is put, read, changed, listed by pages, found by its Uri, and deleted", async () => {
  const [first, second] = [await domain("first"), await domain("second")]
  const [a, b] = ["s3://landing/a/", "s3://landing/b/"]
  const RoleArn = "arn:aws:iam::123456789012:role/reads"
  const settings = { ObjectTypeName: "order", RoleArn, Scope: "DOMAIN", Tags: { team: "data" } } as const
  const made = await put({ DomainName: first, Uri: a, ...settings })
  const { $metadata: _, ...read } = await get(first, a)
  assert.deepEqual({ ...made, $metadata: undefined }, { ...read, $metadata: undefined })
  assert.deepEqual(
    [
      read.DomainName,
      read.Uri,
      read.ObjectTypeName,
      read.RoleArn,
      read.Scope,
      read.Tags,
      read.IsUnstructured,
    ],
    [first, a, "order", RoleArn, "DOMAIN", { team: "data" }, false],
  )
  const again = await put({ DomainName: first, Uri: a, ObjectTypeName: "order" })
  assert.deepEqual([again.RoleArn, again.Scope, again.Tags], [undefined, "DOMAIN", {}])
  assert.deepEqual(again.CreatedAt, made.CreatedAt)
  await put({ DomainName: first, Uri: b, ObjectTypeName: "order" })
  await put({ DomainName: second, Uri: a, ObjectTypeName: "order" })

  const page = await client.send(new ListIntegrationsCommand({ DomainName: first, MaxResults: 1 }))
  const { NextToken } = page
  const rest = await client.send(new ListIntegrationsCommand({ DomainName: first, NextToken }))
  assert.deepEqual(
    [page.Items?.map(({ Uri }) => Uri), rest.Items?.map(({ Uri }) => Uri), rest.NextToken],
    [[a], [b], undefined],
  )
  const everywhere = await client.send(new ListAccountIntegrationsCommand({ Uri: a }))
  assert.deepEqual(
    everywhere.Items?.map(({ DomainName }) => DomainName),
    [first, second],
  )
  const gone = await client.send(new DeleteIntegrationCommand({ DomainName: first, Uri: a }))
  assert.match(gone.Message ?? "", /has been deleted/)
  assert.deepEqual(await refusal(get(first, a)), notFound)
  await client.send(new DeleteDomainCommand({ DomainName: second }))
  const left = await client.send(new ListAccountIntegrationsCommand({ Uri: a }))
  assert.deepEqual(left.Items, [])
})

test("a FlowDefinition makes a flow with a Uri of its own; on demand it runs once for each call", async () => {
  const DomainName = await domain("flows")
  const Uri = flowUri("by-hand")
  const ObjectTypeName = "order"
  const made = await put({ DomainName, ObjectTypeName, FlowDefinition: flow("by-hand") })
  assert.deepEqual([made.Uri, await wantedRun(Uri)], [Uri, true])
  // Its Uri names it from then on.
  await put({ DomainName, ObjectTypeName, Uri, Tags: { a: "b" } })
  assert.equal(await wantedRun(Uri), false)
  await put({ DomainName, ObjectTypeName, FlowDefinition: flow("by-hand") })
  assert.equal(await wantedRun(Uri), true)
})

test("times of a schedule are kept; the resource of a flow takes tags, and no run comes of it", async () => {
  const DomainName = await domain("scheduled")
  const Uri = flowUri("by-hours")
  const [ScheduleStartTime, ScheduleEndTime] = [new Date(1_800_000_000_000), new Date(1_900_000_000_000)]
  const TriggerProperties = {
    Scheduled: { ScheduleExpression: "rate(1hours)", ScheduleStartTime, ScheduleEndTime },
  }
  const scheduled = flow("by-hours", { TriggerConfig: { TriggerType: "Scheduled", TriggerProperties } })
  await put({ DomainName, ObjectTypeName: "order", FlowDefinition: scheduled })
  const kept = async () => {
    const found = await door.store.profileIntegrations.find(DomainName, Uri)
    return JSON.parse(found?.flowDefinition ?? "")
  }
  const before = await kept()
  const { ScheduleStartTime: startSeconds } = before.TriggerConfig.TriggerProperties.Scheduled
  assert.equal(startSeconds, 1_800_000_000)

  const cloudControl = cloudControlClient(door.endpoint)
  const { ProgressEvent } = await cloudControl.send(
    new UpdateResourceCommand({
      TypeName: "AWS::CustomerProfiles::Integration",
      Identifier: `${DomainName}|${Uri}`,
      PatchDocument: '[{"op": "add", "path": "/Tags", "value": [{"Key": "team", "Value": "data"}]}]',
    }),
  )
  const event = await ended(cloudControl, ProgressEvent)
  assert.equal(event.OperationStatus, "SUCCESS", event.StatusMessage)
  assert.deepEqual((await get(DomainName, Uri)).Tags, { team: "data" })
  assert.deepEqual([await kept(), await wantedRun(Uri)], [before, false])
  cloudControl.destroy()
})

test("what nothing here would carry out, or says nothing, is refused", async () => {
  const DomainName = await domain("refused")
  const usual = { DomainName, ObjectTypeName: "order" }
  const s3 = { Uri: "s3://landing/x/" }
  const bad: [what: string, input: PutIntegrationCommandInput][] = [
    ["neither Uri nor FlowDefinition", usual],
    ["both, which name two things", { ...usual, ...s3, FlowDefinition: flow("two") }],
    ["no object type", { DomainName, ...s3 }],
    ["records without a type", { ...usual, ...s3, ObjectTypeName: "_unstructured" }],
    ["object types by event", { DomainName, ...s3, ObjectTypeNames: { SegmentIdentify: "order" } }],
    ["a Uri that is none", { ...usual, Uri: "nowhere" }],
    ["a Uri with a password", { ...usual, Uri: "https://me:secret@example.com/x.csv" }],
    ["a Connect instance", { ...usual, Uri: "arn:aws:connect:us-east-1:123456789012:instance/1" }],
    ["a flow that is not there", { ...usual, Uri: flowUri("none") }],
    ["a trigger that sends to a bucket", { DomainName, ...s3, EventTriggerNames: ["t"] }],
    [
      "another connector",
      {
        ...usual,
        FlowDefinition: flow("zendesk", {
          Tasks: [],
          SourceFlowConfig: {
            ConnectorType: "Zendesk",
            SourceConnectorProperties: { Zendesk: { Object: "tickets" } },
          },
        }),
      },
    ],
    [
      "a schedule without times",
      { ...usual, FlowDefinition: flow("never", { TriggerConfig: { TriggerType: "Scheduled" } }) },
    ],
  ]
  for (const [what, input] of bad) assert.deepEqual(await refusal(put(input)), badRequest, what)
  const absent: [what: string, call: () => Promise<unknown>][] = [
    ["put into no domain", () => put({ ...usual, ...s3, DomainName: "none" })],
    ["put of no object type", () => put({ ...usual, ...s3, ObjectTypeName: "none" })],
    ["get", () => get(DomainName, s3.Uri)],
    ["delete", () => client.send(new DeleteIntegrationCommand({ DomainName, ...s3 }))],
    ["list of no domain", () => client.send(new ListIntegrationsCommand({ DomainName: "none" }))],
  ]
  for (const [what, call] of absent) assert.deepEqual(await refusal(call()), notFound, what)
  const noToken = client.send(new ListIntegrationsCommand({ DomainName, NextToken: "x" }))
  assert.deepEqual(await refusal(noToken), badRequest)
  assert.deepEqual((await client.send(new ListIntegrationsCommand({ DomainName }))).Items, [])
})

test("readers read, partners do nothing, and a domain has as many as one may have", async () => {
  const DomainName = await domain("many")
  const of = (n: number) => ({ DomainName, Uri: `s3://landing/${n}/`, ObjectTypeName: "order" })
  for (let n = 0; n < 50; n++) await put(of(n))
  assert.deepEqual(await refusal(put(of(50))), badRequest)
  await put(of(49))
  const denied = ["AccessDeniedException", 403]
  const { Uri } = of(0)
  const asReader = customerProfilesClient(door.endpoint, reader)
  const asPartner = customerProfilesClient(door.endpoint, partner)
  const read = new GetIntegrationCommand({ DomainName, Uri })
  assert.equal((await asReader.send(read)).Uri, Uri)
  const calls: (() => Promise<unknown>)[] = [
    () => asReader.send(new PutIntegrationCommand(of(0))),
    () => asReader.send(new DeleteIntegrationCommand({ DomainName, Uri })),
    () => asPartner.send(read),
    () => asPartner.send(new ListIntegrationsCommand({ DomainName })),
    () => asPartner.send(new ListAccountIntegrationsCommand({ Uri })),
  ]
  for (const call of calls) assert.deepEqual(await refusal(call()), denied)
  asReader.destroy()
  asPartner.destroy()
})
