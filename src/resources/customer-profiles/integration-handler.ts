import type { Caller } from "../../control-plane/control-plane.ts"
import { Fault } from "../../domain/faults.ts"
import {
  deleteIntegration,
  flowUri,
  getIntegration,
  type IntegrationsPlane,
  listIntegrations,
  type PutIntegrationRequest,
  putIntegration,
} from "../../profiles/flows/integrations/integrations.ts"
import type { IntegrationRecord } from "../../state/profile-flows/integrations.ts"
import { ResourceFault } from "../faults.ts"
import type { ResourceHandler } from "../handler.ts"
import { isEqual } from "../patch.ts"
import type { Json, Model } from "../resource-type.ts"
import { definitionFrom } from "./flow-definition.ts"
import { filled, modelOf, modelsOf, tagList, tagsFrom, textOf, textsOf } from "./model-values.ts"

/** `AWS::CustomerProfiles::Integration`: the integrations of the Customer Profiles API. */
export function integrationHandler(plane: IntegrationsPlane): ResourceHandler {
  return {
    identify: ({ DomainName, Uri, FlowDefinition }) =>
      modelOf({ DomainName, Uri: Uri ?? uriOfFlow(plane, FlowDefinition) }),
    create: async ({ caller, isRepeated }, identity, desired) => {
      const before = await find(plane, caller, identity)
      if (before !== undefined && !isRepeated)
        throw new ResourceFault("alreadyExists", `Integration ${before.uri} already exists.`)
      await putIntegration(plane, caller, requestFrom(identity, desired, before))
    },
    read: async (caller, identity) => {
      const found = await find(plane, caller, identity)
      return found && shown(found)
    },
    update: async ({ caller }, identity, desired) => {
      const before = await find(plane, caller, identity)
      if (before === undefined)
        throw new ResourceFault("notFound", `Integration ${namesOf(identity).uri} does not exist.`)
      await putIntegration(plane, caller, requestFrom(identity, desired, before))
    },
    delete: async ({ caller, isRepeated }, identity) => {
      try {
        await deleteIntegration(plane, caller, namesOf(identity))
      } catch (error) {
        if (!(isRepeated && isAbsence(error))) throw error
      }
    },
    list: async (caller, { DomainName }, page) => {
      const of = { domain: textOf(DomainName) ?? "" }
      const { items, next } = await listIntegrations(plane, caller, { of, ...page })
      return { models: items.map(shown), next }
    },
    progress: async () => ({ kind: "done" }),
  }
}

/** A flow that is made names itself. @throws ResourceFault invalidRequest */
function uriOfFlow(plane: IntegrationsPlane, definition: Json | undefined): string {
  const [flow] = modelsOf([definition ?? null])
  const name = textOf(flow?.FlowName)
  if (name === undefined) throw new ResourceFault("invalidRequest", "Give Uri or FlowDefinition.")
  return flowUri(plane, name)
}

function namesOf({ DomainName, Uri }: Model): { domain: string; uri: string } {
  return { domain: textOf(DomainName) ?? "", uri: textOf(Uri) ?? "" }
}

async function find(
  plane: IntegrationsPlane,
  caller: Caller,
  identity: Model,
): Promise<IntegrationRecord | undefined> {
  try {
    return await getIntegration(plane, caller, namesOf(identity))
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Fault && error.kind === "resourceNotFound"
}

function requestFrom(
  identity: Model,
  desired: Model,
  before: IntegrationRecord | undefined,
): PutIntegrationRequest {
  // One that is given again would have a flow on demand run again: a change of tags runs nothing.
  const isGivenAgain = isEqual(before && definitionOf(before), desired.FlowDefinition)
  return {
    ...namesOf(identity),
    objectTypeName: textOf(desired.ObjectTypeName),
    objectTypeNames: Object.fromEntries(
      modelsOf(desired.ObjectTypeNames).map(({ Key, Value }) => [textOf(Key) ?? "", textOf(Value) ?? ""]),
    ),
    eventTriggerNames: textsOf(desired.EventTriggerNames),
    scope: desired.Scope === "DOMAIN" ? "DOMAIN" : "PROFILE",
    flowDefinition: isGivenAgain ? undefined : desired.FlowDefinition,
    // The type has no such property: what the API was given stays.
    roleArn: before?.roleArn,
    tags: tagsFrom(desired.Tags),
  }
}

function shown(integration: IntegrationRecord): Model {
  const { domain, uri, objectTypeName, objectTypeNames, eventTriggerNames, scope, tags } = integration
  return modelOf({
    DomainName: domain,
    Uri: uri,
    ObjectTypeName: objectTypeName,
    ObjectTypeNames: filled(Object.entries(objectTypeNames).map(([Key, Value]) => ({ Key, Value }))),
    EventTriggerNames: filled([...eventTriggerNames]),
    FlowDefinition: definitionOf(integration),
    Scope: scope,
    Tags: tagList(tags),
    CreatedAt: integration.createdAt.toISOString(),
    LastUpdatedAt: integration.updatedAt.toISOString(),
  })
}

function definitionOf({ flowDefinition }: IntegrationRecord): Json | undefined {
  return flowDefinition === undefined ? undefined : definitionFrom(JSON.parse(flowDefinition) as Model)
}
