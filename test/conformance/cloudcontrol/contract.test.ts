/**
 * The handler contract of the cloud's resource types, on every type that is known, with the program's own handlers.
 * (Source: cloudformation-cli, "resource type test contract".)
 */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import {
  type CloudControlClient,
  CreateResourceCommand,
  DeleteResourceCommand,
  GetResourceCommand,
  ListResourcesCommand,
  type ProgressEvent,
  UpdateResourceCommand,
} from "@aws-sdk/client-cloudcontrol"
import type { Caller } from "../../../src/control-plane/control-plane.ts"
import type { ProfilePlane } from "../../../src/profiles/services/context.ts"
import { customerProfilesHandlers } from "../../../src/resources/customer-profiles/handlers.ts"
import type { ResourceHandler } from "../../../src/resources/handler.ts"
import { readIdentifier } from "../../../src/resources/identifier.ts"
import { integrationHandlers } from "../../../src/resources/integrations/handler.ts"
import { profileEventHandlers } from "../../../src/resources/profile-events/handlers.ts"
import {
  type Model,
  neededToList,
  type ResourceType,
  resourceTypes,
  without,
} from "../../../src/resources/resource-type.ts"
import { schemaMistake } from "../../../src/resources/schema.ts"
import type { NewObjectType } from "../../../src/state/profiles/records.ts"
import { domainNamed, objectType } from "../../profiles/scene.ts"
import { settleIntegrations } from "../../support/settle-integrations.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type ServedDoor, serveDoor } from "../served-door.ts"
import { cloudControlClient, ended, refusal } from "./client.ts"
import { type Holding, heldBy } from "./held-handler.ts"
import { integrationByUri, samples } from "./samples.ts"

const administrator: Caller = { name: "AKIDADMINEXAMPLE", role: "admin" }
const tags = [{ Key: "changed", Value: "1" }]
const typeOfMail: Partial<NewObjectType> = {
  fields: { mail: { source: "_source.mail" } },
  keys: { _email: [{ fieldNames: ["mail"], standardIdentifiers: ["UNIQUE", "PROFILE"] }] },
}
/** Types whose own handler is done at once, unless a test has it wait. */
const quick: Record<string, Holding> = {
  "AWS::CustomerProfiles::Domain": { isHeld: false },
  "AWS::CustomerProfiles::Integration": { isHeld: false },
  "AWS::CustomerProfiles::ObjectType": { isHeld: false },
  "AWS::CustomerProfiles::EventTrigger": { isHeld: false },
  "AWS::CustomerProfiles::EventStream": { isHeld: false },
}

let door: ServedDoor
let client: CloudControlClient
let handlers: Record<string, ResourceHandler> = {}

before(async () => {
  door = await serveDoor({
    resourceHandlers: (plane, profiles) => {
      handlers = { ...integrationHandlers(plane), ...profileHandlers(profiles) }
      return handlers
    },
  })
  client = cloudControlClient(door.endpoint)
})
after(async () => {
  client.destroy()
  await door.close()
})

for (const [typeName, type] of resourceTypes)
  describe(typeName, () => contractOf(typeName, type, samples[typeName]))
describe("AWS::CustomerProfiles::Integration of a Uri", () => {
  const typeName = "AWS::CustomerProfiles::Integration"
  contractOf(typeName, resourceTypes.get(typeName), integrationByUri)
})

function profileHandlers(profiles: ProfilePlane): Record<string, ResourceHandler> {
  const own = { ...customerProfilesHandlers(profiles), ...profileEventHandlers(profiles) }
  return Object.fromEntries(
    Object.entries(own).map(([name, handler]) => [name, heldBy(quick[name] ?? { isHeld: false }, handler)]),
  )
}

/** The request's last event. */
async function over(event: ProgressEvent | undefined): Promise<ProgressEvent> {
  await waitUntil(
    async () => {
      await settleIntegrations(door.store)
      const found = await door.store.resourceRequests.byToken(event?.RequestToken ?? "")
      return ["SUCCESS", "FAILED", "CANCEL_COMPLETE"].includes(found?.status ?? "") || undefined
    },
    { what: "the request ends" },
  )
  return await ended(client, event)
}

function contractOf(TypeName: string, type: ResourceType | undefined, sample: Model | undefined): void {
  assert.ok(type !== undefined && sample !== undefined, `${TypeName} has no sample`)
  const scene = sceneOf(TypeName, type, sample)
  if (/CustomerProfiles::(ObjectType|Event)/.test(TypeName)) inDomain([])
  if (TypeName === "AWS::CustomerProfiles::Integration") inDomain([objectType("order", typeOfMail)])
  test("what is created is read and listed, changed, and gone when it is deleted; twice", () =>
    livesTwice(scene))
  test("a second one of the same name exists already; a second request waits for the first", () =>
    isAlone(scene))
  test("what the schema forbids fails as InvalidRequest, and makes nothing", () => isJudged(scene))
  test("create-only and read-only properties are not changed", () => isFixed(scene))
  test("an identifier is text or an object, and whole", () => isIdentified(scene))
  if (type.writeOnly.some((name) => name in sample))
    test("write-only properties are kept and never shown", () => hides(scene))
  if (neededToList(type).length > 0) test("listing asks for what it needs", () => asks(scene))
}

/** Resources are of a domain with these object types, which is there meanwhile. */
function inDomain(types: readonly NewObjectType[]): void {
  before(async () => {
    await domainNamed(door.store.profiles, "shop")
    await door.store.profiles.change("shop", async (locked) => {
      for (const one of types) await locked.types.put(one)
    })
  })
  after(async () => {
    await door.store.profiles.domains.remove("shop")
  })
}

function sceneOf(TypeName: string, type: ResourceType, sample: Model) {
  const visible = without(sample, type.writeOnly)
  const create = async (desired: Model) =>
    (await client.send(new CreateResourceCommand({ TypeName, DesiredState: JSON.stringify(desired) })))
      .ProgressEvent
  const update = async (Identifier: string, patch: unknown) =>
    (
      await client.send(
        new UpdateResourceCommand({ TypeName, Identifier, PatchDocument: JSON.stringify(patch) }),
      )
    ).ProgressEvent
  const remove = async (Identifier: string) =>
    (await client.send(new DeleteResourceCommand({ TypeName, Identifier }))).ProgressEvent
  const read = async (Identifier: string): Promise<Model> =>
    JSON.parse(
      (await client.send(new GetResourceCommand({ TypeName, Identifier }))).ResourceDescription?.Properties ??
        "",
    )
  const list = async () => {
    const ResourceModel = JSON.stringify(
      Object.fromEntries(neededToList(type).map((name) => [name, sample[name]])),
    )
    return (
      (await client.send(new ListResourcesCommand({ TypeName, ResourceModel }))).ResourceDescriptions ?? []
    )
  }
  const made = async () => {
    const event = await over(await create(sample))
    assert.equal(event.OperationStatus, "SUCCESS", event.StatusMessage)
    return event.Identifier ?? ""
  }
  const gone = async (identifier: string) =>
    assert.equal((await over(await remove(identifier))).OperationStatus, "SUCCESS")
  async function appears(identifier: string): Promise<void> {
    const isThere = async () => (await list()).some((one) => one.Identifier === identifier) || undefined
    await waitUntil(isThere, { what: "the resource is there" })
  }
  return { TypeName, type, sample, visible, create, update, remove, read, list, made, gone, appears }
}

type Scene = ReturnType<typeof sceneOf>

async function livesTwice({
  type,
  sample,
  visible,
  create,
  update,
  remove,
  read,
  list,
  gone,
}: Scene): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    const event = await over(await create(sample))
    assert.equal(event.OperationStatus, "SUCCESS", event.StatusMessage)
    const identifier = event.Identifier ?? ""
    const model = await read(identifier)
    assert.deepEqual(JSON.parse(event.ResourceModel ?? ""), model)
    for (const [name, value] of Object.entries(visible)) assert.deepEqual(model[name], value, name)
    assert.equal(schemaMistake(type, model), undefined)
    assert.deepEqual(
      (await list()).map((one) => one.Identifier),
      [identifier],
    )
    const changed = await over(await update(identifier, [{ op: "add", path: "/Tags", value: tags }]))
    assert.equal(changed.OperationStatus, "SUCCESS", changed.StatusMessage)
    assert.deepEqual((await read(identifier)).Tags, tags)
    await gone(identifier)
    assert.deepEqual(await list(), [])
    for (const call of [() => read(identifier), () => remove(identifier), () => update(identifier, [])])
      assert.deepEqual((await refusal(call())).slice(0, 2), ["ResourceNotFoundException", 404])
  }
}

async function isAlone({ TypeName, sample, create, update, remove, gone, appears }: Scene): Promise<void> {
  const handler = quick[TypeName]
  if (handler) handler.isHeld = true
  const event = await create(sample)
  const identifier = event?.Identifier ?? ""
  await appears(identifier)
  for (const call of [() => remove(identifier), () => update(identifier, [])])
    assert.deepEqual((await refusal(call())).slice(0, 2), ["ConcurrentOperationException", 409])
  if (handler) handler.isHeld = false
  assert.equal((await over(event)).OperationStatus, "SUCCESS")
  const again = await over(await create(sample))
  assert.deepEqual([again.OperationStatus, again.ErrorCode], ["FAILED", "AlreadyExists"])
  await gone(identifier)
}

async function isJudged({ type, sample, create, list }: Scene): Promise<void> {
  const [first = ""] = type.required
  const set = Object.fromEntries(
    type.readOnly.filter((path) => !path.includes("/")).map((path) => [path, "x"]),
  )
  const bad: [string, Model][] = [
    ...type.required.map((name): [string, Model] => [`without ${name}`, without(sample, [name])]),
    ["with a property that is none", { ...sample, Nothing: 1 }],
    ["with another type of value", { ...sample, [first]: { a: 1 } }],
    ["with properties of the service", { ...sample, ...set }],
  ]
  for (const [what, desired] of bad) {
    const event = await over(await create(desired))
    assert.deepEqual([event.OperationStatus, event.ErrorCode], ["FAILED", "InvalidRequest"], what)
    assert.notEqual(event.StatusMessage ?? "", "")
  }
  assert.deepEqual(await list(), [])
}

async function isFixed({ type, update, read, made, gone }: Scene): Promise<void> {
  const identifier = await made()
  const before = await read(identifier)
  for (const name of type.createOnly)
    assert.deepEqual(
      (await refusal(update(identifier, [{ op: "add", path: `/${name}`, value: "other" }]))).slice(0, 2),
      ["NotUpdatableException", 400],
      name,
    )
  for (const path of type.readOnly)
    assert.deepEqual(
      (await refusal(update(identifier, [{ op: "add", path: `/${path}`, value: "other" }]))).slice(0, 2),
      ["InvalidRequestException", 400],
      path,
    )
  assert.deepEqual(await read(identifier), before)
  await gone(identifier)
}

async function hides({ TypeName, type, sample, update, read, list, made, gone }: Scene): Promise<void> {
  const identifier = await made()
  const [hidden = ""] = type.writeOnly
  const changed = await over(await update(identifier, [{ op: "add", path: "/Tags", value: tags }]))
  assert.equal(changed.OperationStatus, "SUCCESS")
  // Handlers have models whole.
  const keptValue = async () =>
    (await handlers[TypeName]?.read(administrator, readIdentifier(type, identifier)))?.[hidden]
  assert.deepEqual(await keptValue(), sample[hidden])
  const shown = [changed.ResourceModel, JSON.stringify(await read(identifier)), JSON.stringify(await list())]
  for (const text of shown) assert.ok(!text?.includes(hidden))
  for (const patch of [
    [{ op: "copy", from: `/${hidden}/FlowName`, path: "/ObjectTypeName" }],
    [{ op: "move", from: `/${hidden}`, path: "/Tags" }],
    [{ op: "test", path: `/${hidden}`, value: 1 }],
    [{ op: "test", path: "", value: {} }],
  ])
    assert.equal((await refusal(update(identifier, patch)))[0], "InvalidRequestException")
  for (const [at, op] of ["replace", "add", "remove", "replace"].entries()) {
    const before = await keptValue()
    const value = { ...(sample[hidden] as Model), Description: `change ${at}` }
    const event = await over(await update(identifier, [{ op, path: `/${hidden}`, value }]))
    assert.equal(event.OperationStatus, "SUCCESS", event.StatusMessage)
    // A Uri of a flow that is given without a definition is that flow, as it is.
    assert.deepEqual(await keptValue(), op === "remove" ? before : value)
  }
  await gone(identifier)
}

async function isIdentified({ type, read, made, gone }: Scene): Promise<void> {
  const identifier = await made()
  const model = await read(identifier)
  const parts = Object.fromEntries(type.primaryIdentifier.map((name) => [name, model[name]]))
  assert.equal(identifier, Object.values(parts).join("|"))
  assert.deepEqual(await read(JSON.stringify(parts)), model)
  const [first = ""] = type.primaryIdentifier
  const bad = [JSON.stringify({ ...parts, Other: "x" }), JSON.stringify({ [first]: 1 }), "{", "{}"]
  if (type.primaryIdentifier.length > 1) bad.push(String(parts[first]), `${parts[first]}|`, "|x")
  for (const one of bad) assert.equal((await refusal(read(one)))[0], "InvalidRequestException", one)
  await gone(identifier)
}

async function asks({ TypeName }: Scene): Promise<void> {
  const [code, , message] = await refusal(client.send(new ListResourcesCommand({ TypeName })))
  assert.equal(code, "InvalidRequestException")
  assert.equal(
    message,
    `Missing or invalid ResourceModel property in ${TypeName} list handler request input.Required property: (#: required key [DomainName] not found)`,
  )
}
