import { randomUUID } from "node:crypto"
import type { Caller, ControlPlane } from "../../control-plane/control-plane.ts"
import { shownKey } from "../../control-plane/integrations/encryption.ts"
import {
  createIntegration,
  deleteIntegration,
  describeIntegrations,
} from "../../control-plane/integrations/integrations.ts"
import { modifyIntegration } from "../../control-plane/integrations/modify-integration.ts"
import { addTags, removeTags } from "../../control-plane/integrations/tags.ts"
import type { Integration, IntegrationService, Tag } from "../../domain/integration.ts"
import { integrationArn, parseIntegrationArn } from "../../domain/text-forms/arn.ts"
import { ResourceFault } from "../faults.ts"
import type {
  HandlerCall,
  ModelPage,
  PageRequest,
  Progress,
  ResourceHandler,
  ResourceOperation,
} from "../handler.ts"
import type { Json, Model } from "../resource-type.ts"

/** Properties of which the two types have different ones. */
const ofRdsOnly = ["Description", "DataFilter"] as const

/** By type name. */
export function integrationHandlers(plane: ControlPlane): Record<string, ResourceHandler> {
  return {
    "AWS::RDS::Integration": integrationHandler(plane, "rds"),
    "AWS::Redshift::Integration": integrationHandler(plane, "redshift"),
  }
}

/** `AWS::RDS::Integration` or `AWS::Redshift::Integration`: integrations of the service, which move rows. */
function integrationHandler(plane: ControlPlane, service: IntegrationService): ResourceHandler {
  const find = (identity: Model) => findIn(plane, service, identity)
  return {
    identify: () => ({
      IntegrationArn: integrationArn({
        service,
        region: plane.region,
        account: plane.account,
        id: randomUUID(),
      }),
    }),
    create: async ({ caller }, identity, desired) => {
      const id = parseIntegrationArn(textOf(identity.IntegrationArn) ?? "")?.id ?? randomUUID()
      if ((await find(identity)) === undefined) await create(plane, caller, { service, id, desired })
    },
    read: async (_caller, identity) => {
      const found = await find(identity)
      return found && modelOf(plane, found)
    },
    update: async (call, identity, desired) =>
      await update(plane, call, await required(find, identity), desired),
    delete: async (call, identity) => await remove(plane, call, await find(identity), identity),
    list: (caller, _input, page) => list(plane, caller, service, page),
    progress: async (operation, identity) => progressOf(operation, await find(identity)),
  }
}

async function findIn(
  { store }: ControlPlane,
  service: IntegrationService,
  { IntegrationArn }: Model,
): Promise<Integration | undefined> {
  const found = await store.integrations.byArn(textOf(IntegrationArn) ?? "")
  return found?.service === service ? found : undefined
}

async function required(
  find: (identity: Model) => Promise<Integration | undefined>,
  identity: Model,
): Promise<Integration> {
  const found = await find(identity)
  if (found === undefined) throw gone(identity)
  return found
}

function gone({ IntegrationArn }: Model): ResourceFault {
  return new ResourceFault("notFound", `The integration ${textOf(IntegrationArn)} was not found.`)
}

/** The API wants a name, the resource type does not: one is made of the id. */
async function create(
  plane: ControlPlane,
  caller: Caller,
  { service, id, desired }: { service: IntegrationService; id: string; desired: Model },
): Promise<void> {
  await createIntegration(plane, caller, {
    service,
    id,
    sourceArn: textOf(desired.SourceArn) ?? "",
    targetArn: textOf(desired.TargetArn) ?? "",
    integrationName: textOf(desired.IntegrationName) ?? `integration-${id.slice(0, 8)}`,
    dataFilter: textOf(desired.DataFilter),
    description: textOf(desired.Description),
    kmsKeyId: textOf(desired.KMSKeyId),
    additionalEncryptionContext: textsOf(desired.AdditionalEncryptionContext),
    tags: tagsOf(desired.Tags),
  })
}

/** What has its value already is not touched, so that it can be repeated, and while a filter is being changed, too. */
async function update(
  plane: ControlPlane,
  { caller }: HandlerCall,
  found: Integration,
  desired: Model,
): Promise<void> {
  const { service } = found
  const name = textOf(desired.IntegrationName)
  const description = service === "rds" ? (textOf(desired.Description) ?? "") : undefined
  const dataFilter = service === "rds" ? textOf(desired.DataFilter) : undefined
  if (service === "rds" && dataFilter === undefined && found.dataFilter !== undefined)
    throw new ResourceFault(
      "invalidRequest",
      "DataFilter cannot be taken away: give the filter that is wanted.",
    )
  const change = {
    ...(name !== undefined && name !== found.name && { integrationName: name }),
    ...(description !== undefined && description !== (found.description ?? "") && { description }),
    ...(dataFilter !== undefined && dataFilter !== found.dataFilter && { dataFilter }),
  }
  await changeTags(plane, caller, found, tagsOf(desired.Tags) ?? [])
  if (Object.keys(change).length === 0) return
  await modifyIntegration(plane, caller, { service, integrationIdentifier: found.arn, ...change })
}

async function changeTags(
  plane: ControlPlane,
  caller: Caller,
  found: Integration,
  wanted: Tag[],
): Promise<void> {
  const resource = { service: found.service, resourceArn: found.arn }
  const keys = found.tags.map(({ key }) => key).filter((key) => !wanted.some((tag) => tag.key === key))
  const tags = wanted.filter(
    ({ key, value }) => !found.tags.some((tag) => tag.key === key && tag.value === value),
  )
  if (keys.length > 0) await removeTags(plane, caller, { ...resource, keys })
  if (tags.length > 0) await addTags(plane, caller, { ...resource, tags })
}

async function remove(
  plane: ControlPlane,
  { caller, isRepeated }: HandlerCall,
  found: Integration | undefined,
  identity: Model,
): Promise<void> {
  if (found === undefined) {
    if (isRepeated) return
    throw gone(identity)
  }
  // Also begun through another door.
  if (found.status === "deleting") return
  await deleteIntegration(plane, caller, { service: found.service, integrationIdentifier: found.arn })
}

async function list(
  plane: ControlPlane,
  caller: Caller,
  service: IntegrationService,
  page: PageRequest,
): Promise<ModelPage> {
  const { integrations, next } = await describeIntegrations(plane, caller, { service, ...page })
  return { models: integrations.map((one) => modelOf(plane, one)), next }
}

/** As recorded, not as shown: that nobody has reported for seconds is no failure of a request. */
function progressOf(operation: ResourceOperation, found: Integration | undefined): Progress {
  if (found === undefined) return { kind: "done" }
  switch (operation) {
    case "DELETE":
      return { kind: "underway" }
    case "CREATE":
      return found.status === "creating" ? { kind: "underway" } : settlement(found, "done")
    case "UPDATE":
      // What ails an integration whose change is made is no failure of that change.
      return found.isFilterPending ? settlement(found, "underway") : { kind: "done" }
  }
}

function settlement({ status, name, errors }: Integration, otherwise: "done" | "underway"): Progress {
  if (status !== "failed" && status !== "needs_attention") return { kind: otherwise }
  const reasons = errors.map(({ code, message }) => `${code}: ${message}`).join(" ")
  const message = `Integration ${name} is ${status}. ${reasons}`.trim()
  return { kind: "failed", errorCode: "NotStabilized", message }
}

function modelOf(plane: ControlPlane, integration: Integration): Model {
  const { service, additionalEncryptionContext: context, description, dataFilter } = integration
  const model: { [property: string]: Json | undefined } = {
    IntegrationArn: integration.arn,
    IntegrationName: integration.name,
    SourceArn: integration.sourceArn,
    TargetArn: integration.targetArn,
    Description: description,
    DataFilter: dataFilter,
    KMSKeyId: shownKey(plane, integration),
    AdditionalEncryptionContext: Object.keys(context).length === 0 ? undefined : context,
    Tags:
      integration.tags.length === 0
        ? undefined
        : integration.tags.map(({ key, value }) => ({ Key: key, Value: value })),
    CreateTime: integration.createdAt.toISOString(),
  }
  if (service !== "rds") for (const name of ofRdsOnly) delete model[name]
  return Object.fromEntries(
    Object.entries(model).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  )
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined
}

function textsOf(value: Json | undefined): Record<string, string> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, textOf(one) ?? ""]))
}

function tagsOf(value: Json | undefined): Tag[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.map((tag) => {
    const { Key, Value } = tag as Model
    return { key: textOf(Key) ?? "", value: textOf(Value) ?? "" }
  })
}
