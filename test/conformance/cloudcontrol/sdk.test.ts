import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import {
  CancelResourceRequestCommand,
  type CloudControlClient,
  CreateResourceCommand,
  DeleteResourceCommand,
  GetResourceCommand,
  GetResourceRequestStatusCommand,
  ListResourceRequestsCommand,
  ListResourcesCommand,
  UpdateResourceCommand,
  waitUntilResourceRequestSuccess,
} from "@aws-sdk/client-cloudcontrol"
import { waitUntil } from "../../support/wait-until.ts"
import {
  instanceArn,
  partner,
  reader,
  type ServedDoor,
  serveDoor,
  tableArn,
  targetArn,
} from "../served-door.ts"
import { cloudControlClient, ended, refusal } from "./client.ts"

const rds = "AWS::RDS::Integration"
const redshift = "AWS::Redshift::Integration"
const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

describe("the Cloud Control API by its official client", () => {
  let door: ServedDoor
  let client: CloudControlClient

  before(async () => {
    door = await serveDoor()
    client = cloudControlClient(door.endpoint)
  })
  after(async () => {
    client.destroy()
    await door.close()
  })

  const settle = (status = "active") => door.sql("update millrace.integrations set status = $1", [status])
  const create = async (TypeName: string, desired: object, ClientToken?: string) =>
    (
      await client.send(
        new CreateResourceCommand({
          TypeName,
          DesiredState: JSON.stringify(desired),
          ...(ClientToken && { ClientToken }),
        }),
      )
    ).ProgressEvent
  const get = async (TypeName: string, Identifier: string) => {
    const found = await client.send(new GetResourceCommand({ TypeName, Identifier }))
    return JSON.parse(found.ResourceDescription?.Properties ?? "")
  }
  const desiredRds = (name: string) => ({
    IntegrationName: name,
    SourceArn: instanceArn,
    TargetArn: targetArn,
    DataFilter: "include: shop.public.*",
    Description: "of the shop",
    Tags: [{ Key: "team", Value: "data" }],
  })

  test("an RDS integration is created, read and listed as a resource", async () => {
    const desired = desiredRds("as-resource")
    const begun = await create(rds, desired)
    assert.equal(begun?.OperationStatus, "IN_PROGRESS")
    assert.equal(begun?.Operation, "CREATE")
    assert.match(
      begun?.Identifier ?? "",
      new RegExp(`^arn:aws:rds:us-east-1:123456789012:integration:${uuid}$`),
    )
    assert.ok(Math.abs((begun?.EventTime?.getTime() ?? 0) - Date.now()) < 60_000)
    const Identifier = begun?.Identifier ?? ""
    await made(Identifier)
    await settle()
    const RequestToken = begun?.RequestToken
    const times = { maxWaitTime: 30, minDelay: 1, maxDelay: 1 }
    const waited = await waitUntilResourceRequestSuccess({ client, ...times }, { RequestToken })
    assert.equal(waited.state, "SUCCESS")
    const done = await ended(client, begun)
    const model = await get(rds, Identifier)
    assert.deepEqual(JSON.parse(done.ResourceModel ?? ""), model)
    for (const [name, value] of Object.entries(desired)) assert.deepEqual(model[name], value, name)
    assert.equal(model.IntegrationArn, Identifier)
    assert.deepEqual(await get(rds, JSON.stringify({ IntegrationArn: Identifier })), model)
    const listed = await client.send(new ListResourcesCommand({ TypeName: rds }))
    assert.deepEqual(
      listed.ResourceDescriptions?.map((one) => [one.Identifier, JSON.parse(one.Properties ?? "")]),
      [[Identifier, model]],
    )
    await door.sql("delete from millrace.integrations")
  })

  test("an integration is updated by a patch, and deleted", async () => {
    const Identifier = await active("patched")
    const before = await get(rds, Identifier)
    const patch = [
      { op: "add", path: "/Description", value: "other" },
      { op: "replace", path: "IntegrationName", value: "renamed" },
      { op: "add", path: "/Tags/-", value: { Key: "cost", Value: "1" } },
      { op: "remove", path: "/Tags/0" },
    ]
    const after = await ended(client, await update(Identifier, patch))
    assert.equal(after.OperationStatus, "SUCCESS", after.StatusMessage)
    const changed = { Description: "other", IntegrationName: "renamed", Tags: [{ Key: "cost", Value: "1" }] }
    assert.deepEqual(await get(rds, Identifier), { ...before, ...changed })

    const deleted = await client.send(new DeleteResourceCommand({ TypeName: rds, Identifier }))
    assert.equal(deleted.ProgressEvent?.OperationStatus, "IN_PROGRESS")
    await waitFor(async () => (await door.store.integrations.byArn(Identifier))?.status === "deleting")
    await door.sql("delete from millrace.integrations")
    const gone = await ended(client, deleted.ProgressEvent)
    assert.equal(gone.OperationStatus, "SUCCESS")
    assert.equal(gone.ResourceModel, undefined)
    const read = await refusal(client.send(new GetResourceCommand({ TypeName: rds, Identifier })))
    assert.deepEqual(read.slice(0, 2), ["ResourceNotFoundException", 404])
    assert.deepEqual(
      (await client.send(new ListResourcesCommand({ TypeName: rds }))).ResourceDescriptions,
      [],
    )
  })

  async function active(name: string): Promise<string> {
    const begun = await create(rds, desiredRds(name))
    await made(begun?.Identifier ?? "")
    await settle()
    await ended(client, begun)
    return begun?.Identifier ?? ""
  }

  async function update(Identifier: string, patch: unknown) {
    const PatchDocument = JSON.stringify(patch)
    const input = { TypeName: rds, Identifier, PatchDocument }
    return (await client.send(new UpdateResourceCommand(input))).ProgressEvent
  }

  async function made(arn: string): Promise<void> {
    await waitFor(async () => (await door.store.integrations.byArn(arn)) !== undefined)
  }
  test("a Redshift integration has a name of its own where none is given", async () => {
    const begun = await create(redshift, { SourceArn: tableArn, TargetArn: targetArn })
    await made(begun?.Identifier ?? "")
    await settle()
    assert.equal((await ended(client, begun)).OperationStatus, "SUCCESS")
    const model = await get(redshift, begun?.Identifier ?? "")
    assert.match(model.IntegrationName, /^integration-[0-9a-f]{8}$/)
    // Each service sees its own.
    assert.deepEqual(
      (await client.send(new ListResourcesCommand({ TypeName: rds }))).ResourceDescriptions,
      [],
    )
    await door.sql("delete from millrace.integrations")
  })

  test("an integration that fails has a request that failed, with its reason", async () => {
    const begun = await create(rds, desiredRds("fails"))
    await made(begun?.Identifier ?? "")
    await door.sql(
      `update millrace.integrations set status = 'needs_attention', errors = '[{"code":"X","message":"because"}]'`,
    )
    const over = await ended(client, begun)
    assert.deepEqual(
      [over.OperationStatus, over.ErrorCode, over.StatusMessage],
      ["FAILED", "NotStabilized", "Integration fails is needs_attention. X: because"],
    )
    await door.sql("delete from millrace.integrations")
  })

  test("the same client token is the same request, with other content a conflict", async () => {
    const desired = desiredRds("once")
    const first = await create(rds, desired, "token-1")
    const again = await create(rds, desired, "token-1")
    assert.equal(again?.RequestToken, first?.RequestToken)
    assert.deepEqual((await refusal(create(rds, desiredRds("other"), "token-1"))).slice(0, 2), [
      "ClientTokenConflictException",
      409,
    ])
    // Older than 36 hours.
    await made(first?.Identifier ?? "")
    await settle()
    await ended(client, first)
    await door.sql("update millrace.resource_requests set requested_at = now() - interval '37 hours'")
    const later = await create(rds, desired, "token-1")
    assert.notEqual(later?.RequestToken, first?.RequestToken)
    const over = await ended(client, later)
    assert.deepEqual([over.OperationStatus, over.ErrorCode], ["FAILED", "AlreadyExists"])
    await door.sql("delete from millrace.integrations")
  })

  test("one request at a time changes a resource, and a cancelled one ends", async () => {
    const begun = await create(rds, desiredRds("busy"))
    const Identifier = begun?.Identifier ?? ""
    await made(Identifier)
    const remove = () => client.send(new DeleteResourceCommand({ TypeName: rds, Identifier }))
    assert.deepEqual((await refusal(remove())).slice(0, 2), ["ConcurrentOperationException", 409])
    const RequestToken = begun?.RequestToken
    const cancelled = await client.send(new CancelResourceRequestCommand({ RequestToken }))
    assert.equal(cancelled.ProgressEvent?.OperationStatus, "CANCEL_IN_PROGRESS")
    assert.equal((await ended(client, begun)).OperationStatus, "CANCEL_COMPLETE")
    assert.deepEqual(
      (await refusal(client.send(new CancelResourceRequestCommand({ RequestToken })))).slice(0, 2),
      ["ConcurrentModificationException", 500],
    )
    // What was done stays.
    assert.equal((await get(rds, Identifier)).IntegrationName, "busy")
    await door.sql("delete from millrace.integrations")
  })

  test("requests are listed newest first, by status and page, and forgotten after 7 days", async () => {
    await door.sql("delete from millrace.resource_requests")
    for (const name of ["a", "b", "c"]) await create(rds, { IntegrationName: name, SourceArn: instanceArn })
    const page = (more: object) => client.send(new ListResourceRequestsCommand({ MaxResults: 2, ...more }))
    const first = await page({})
    const second = await page({ NextToken: first.NextToken })
    const all = [first, second].map((one) => one.ResourceRequestStatusSummaries ?? [])
    assert.deepEqual(
      all.map((one) => one.length),
      [2, 1],
    )
    assert.equal(second.NextToken, undefined)
    const times = all.flat().map((one) => one.EventTime?.getTime() ?? 0)
    assert.deepEqual(
      times,
      [...times].sort((a, b) => b - a),
    )
    for (const one of all.flat()) {
      assert.deepEqual([one.OperationStatus, one.ErrorCode], ["FAILED", "InvalidRequest"])
      assert.match(one.StatusMessage ?? "", /required key \[TargetArn\] not found/)
    }
    const ResourceRequestStatusFilter = { OperationStatuses: ["SUCCESS" as const] }
    assert.deepEqual((await page({ ResourceRequestStatusFilter })).ResourceRequestStatusSummaries, [])
    await door.sql("update millrace.resource_requests set requested_at = now() - interval '8 days'")
    assert.deepEqual((await page({})).ResourceRequestStatusSummaries, [])
    const RequestToken = all[0]?.[0]?.RequestToken
    assert.deepEqual(
      (await refusal(client.send(new GetResourceRequestStatusCommand({ RequestToken })))).slice(0, 2),
      ["RequestTokenNotFoundException", 404],
    )
  })

  test("what is refused has the model's code and status", async () => {
    const Identifier = await active("refusals")
    const refused = (patch: unknown) => refusal(update(Identifier, patch))
    const list = (TypeName: string) => refusal(client.send(new ListResourcesCommand({ TypeName })))
    const status = (RequestToken: string) =>
      refusal(client.send(new GetResourceRequestStatusCommand({ RequestToken })))
    const noJson = new CreateResourceCommand({ TypeName: rds, DesiredState: "{" })
    const invalid = ["InvalidRequestException", 400]
    const unserved = ["UnsupportedActionException", 405]
    const copies = [...Array(40)].map(() => ({ op: "copy", from: "", path: "/Description" }))
    const fixed = (path: string) => [{ op: "replace", path, value: "x" }]
    const cases: [string, Promise<[string, number, string]>, (string | number)[]][] = [
      ["unknown type", list("AWS::S3::Bucket"), ["TypeNotFoundException", 404]],
      ["a type that nothing runs", list("AWS::CustomerProfiles::Integration"), unserved],
      ["no type name", list("x"), ["ValidationException", 400]],
      ["no JSON", refusal(client.send(noJson)), invalid],
      ["no such token", status("gone"), ["RequestTokenNotFoundException", 404]],
      ["no patch", refused({}), invalid],
      ["unknown operation", refused([{ op: "constructor", path: "/Tags" }]), invalid],
      ["prototype", refused([{ op: "add", path: "/__proto__/x", value: 1 }]), invalid],
      ["nothing there", refused([{ op: "remove", path: "/Nothing" }]), invalid],
      ["failed test", refused([{ op: "test", path: "/Description", value: "x" }]), invalid],
      ["read-only", refused(fixed("/CreateTime")), invalid],
      ["create-only", refused(fixed("/TargetArn")), ["NotUpdatableException", 400]],
      ["doubling", refused(copies), invalid],
    ]
    for (const [what, call, expected] of cases) assert.deepEqual((await call).slice(0, 2), expected, what)
    // The same value is no change.
    const same = await update(Identifier, [{ op: "add", path: "/TargetArn", value: targetArn }])
    assert.equal((await ended(client, same)).OperationStatus, "SUCCESS")
    const extra = await update(Identifier, [{ op: "add", path: "/Extra", value: 1 }])
    assert.deepEqual([extra?.OperationStatus, extra?.ErrorCode], ["FAILED", "InvalidRequest"])
    await door.sql("delete from millrace.integrations")
  })

  test("readers read, partners do nothing, and each call that changes something is in the audit trail", async () => {
    const [reading, partnering] = [reader, partner].map((key) => cloudControlClient(door.endpoint, key))
    assert.deepEqual(
      (await reading?.send(new ListResourcesCommand({ TypeName: rds })))?.ResourceDescriptions,
      [],
    )
    const attempt = new CreateResourceCommand({
      TypeName: rds,
      DesiredState: JSON.stringify(desiredRds("no")),
    })
    for (const one of [reading, partnering])
      assert.deepEqual((await refusal(one?.send(attempt) ?? Promise.resolve())).slice(0, 2), [
        "AccessDeniedException",
        400,
      ])
    assert.equal(
      (await refusal(partnering?.send(new ListResourcesCommand({ TypeName: rds })) ?? Promise.resolve()))[0],
      "AccessDeniedException",
    )
    const entries = await door.sql(
      "select access_key_id, operation, outcome from millrace.audit where door = 'cloudcontrolapi' order by id desc limit 2",
    )
    assert.deepEqual(
      entries.map((one) => [one.access_key_id, one.operation, one.outcome]),
      [
        [partner.accessKeyId, "CreateResource", "accessDenied"],
        [reader.accessKeyId, "CreateResource", "accessDenied"],
      ],
    )
    reading?.destroy()
    partnering?.destroy()
  })
})

async function waitFor(look: () => Promise<boolean>): Promise<void> {
  await waitUntil(async () => (await look()) || undefined, { what: "the integration" })
}
