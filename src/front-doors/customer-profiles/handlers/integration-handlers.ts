import {
  deleteIntegration,
  getIntegration,
  type IntegrationsPlane,
  listIntegrations,
  putIntegration,
} from "../../../profiles/flows/integrations/integrations.ts"
import type { IntegrationRecord } from "../../../state/profile-flows/integrations.ts"
import type { RestHandlers } from "../../rest-door.ts"
import type { integrationsOperations } from "../operations/integrations.ts"
import { nextToken, pageAsked } from "../pages.ts"

export function integrationHandlers(plane: IntegrationsPlane): RestHandlers<typeof integrationsOperations> {
  return {
    PutIntegration: async (input, caller) =>
      toWire(
        await putIntegration(plane, caller, {
          domain: input.DomainName,
          uri: input.Uri,
          objectTypeName: input.ObjectTypeName,
          objectTypeNames: input.ObjectTypeNames ?? {},
          eventTriggerNames: input.EventTriggerNames ?? [],
          scope: input.Scope,
          flowDefinition: inSeconds(input.FlowDefinition),
          roleArn: input.RoleArn,
          tags: input.Tags ?? {},
        }),
      ),
    GetIntegration: async ({ DomainName: domain, Uri: uri }, caller) =>
      toWire(await getIntegration(plane, caller, { domain, uri })),
    DeleteIntegration: async ({ DomainName: domain, Uri: uri }, caller) => {
      await deleteIntegration(plane, caller, { domain, uri })
      return { Message: `Integration ${uri} has been deleted.` }
    },
    // There are no hidden integrations here.
    ListIntegrations: async ({ DomainName: domain, ...asked }, caller) => {
      const page = pageAsked("ListIntegrations", asked)
      const { items, next } = await listIntegrations(plane, caller, { of: { domain }, ...page })
      return { Items: items.map(toWire), NextToken: nextToken("ListIntegrations", next) }
    },
    ListAccountIntegrations: async ({ Uri: uri, ...asked }, caller) => {
      const page = pageAsked("ListAccountIntegrations", asked)
      const { items, next } = await listIntegrations(plane, caller, { of: { uri }, ...page })
      return { Items: items.map(toWire), NextToken: nextToken("ListAccountIntegrations", next) }
    },
  }
}

/** Times of a definition are kept as the resource type has them: a number of seconds. */
function inSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1_000
  if (Array.isArray(value)) return value.map(inSeconds)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inSeconds(one)]))
}

function toWire(integration: IntegrationRecord) {
  const { eventTriggerNames, objectTypeNames } = integration
  return {
    DomainName: integration.domain,
    Uri: integration.uri,
    ObjectTypeName: integration.objectTypeName,
    ...(Object.keys(objectTypeNames).length > 0 && { ObjectTypeNames: { ...objectTypeNames } }),
    ...(eventTriggerNames.length > 0 && { EventTriggerNames: [...eventTriggerNames] }),
    RoleArn: integration.roleArn,
    Scope: integration.scope,
    IsUnstructured: false,
    CreatedAt: integration.createdAt,
    LastUpdatedAt: integration.updatedAt,
    Tags: { ...integration.tags },
  }
}
