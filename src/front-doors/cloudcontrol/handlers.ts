import type { ResourcePlane } from "../../resources/requests/context.ts"
import type { ProgressEvent } from "../../resources/requests/events.ts"
import { createResource, deleteResource, updateResource } from "../../resources/requests/mutations.ts"
import {
  cancelRequest,
  getResource,
  listResources,
  type ResourceDescription,
  resourceRequest,
  resourceRequests,
} from "../../resources/requests/reads.ts"
import type { JsonHandlers } from "../json-door.ts"
import type { CloudControlOperations } from "./operations.ts"

const usualPage = 100
const usualRequestsPage = 20

export function cloudControlHandlers(plane: ResourcePlane): JsonHandlers<CloudControlOperations> {
  return {
    ...mutations(plane),
    GetResource: async ({ TypeName, Identifier }, caller) => {
      const found = await getResource(plane, caller, { typeName: TypeName, identifier: Identifier })
      return { TypeName, ResourceDescription: toDescription(found) }
    },
    ListResources: async ({ TypeName, ResourceModel, NextToken, MaxResults }, caller) => {
      const { descriptions, next } = await listResources(plane, caller, {
        typeName: TypeName,
        resourceModel: ResourceModel,
        after: NextToken,
        limit: MaxResults ?? usualPage,
      })
      return { TypeName, ResourceDescriptions: descriptions.map(toDescription), NextToken: next }
    },
    GetResourceRequestStatus: async ({ RequestToken }, caller) => ({
      ProgressEvent: toWire(await resourceRequest(plane, caller, RequestToken)),
      HooksProgressEvent: [],
    }),
    ListResourceRequests: async ({ MaxResults, NextToken, ResourceRequestStatusFilter: filter }, caller) => {
      const { events, next } = await resourceRequests(plane, caller, {
        filter: { operations: filter?.Operations, statuses: filter?.OperationStatuses },
        after: NextToken,
        limit: MaxResults ?? usualRequestsPage,
      })
      return { ResourceRequestStatusSummaries: events.map(toWire), NextToken: next }
    },
  }
}

type Mutations = "CreateResource" | "UpdateResource" | "DeleteResource" | "CancelResourceRequest"

function mutations(plane: ResourcePlane): JsonHandlers<Pick<CloudControlOperations, Mutations>> {
  return {
    CreateResource: async ({ TypeName, ClientToken, DesiredState }, caller) =>
      answer(
        await createResource(plane, caller, {
          typeName: TypeName,
          clientToken: ClientToken,
          desiredState: DesiredState,
        }),
      ),
    UpdateResource: async ({ TypeName, ClientToken, Identifier, PatchDocument }, caller) =>
      answer(
        await updateResource(plane, caller, {
          typeName: TypeName,
          clientToken: ClientToken,
          identifier: Identifier,
          change: { kind: "patch", document: PatchDocument },
        }),
      ),
    DeleteResource: async ({ TypeName, ClientToken, Identifier }, caller) =>
      answer(
        await deleteResource(plane, caller, {
          typeName: TypeName,
          clientToken: ClientToken,
          identifier: Identifier,
        }),
      ),
    CancelResourceRequest: async ({ RequestToken }, caller) =>
      answer(await cancelRequest(plane, caller, RequestToken)),
  }
}

function answer(event: ProgressEvent) {
  return { ProgressEvent: toWire(event) }
}

function toWire(event: ProgressEvent) {
  return {
    TypeName: event.typeName,
    Identifier: event.identifier,
    RequestToken: event.requestToken,
    Operation: event.operation,
    OperationStatus: event.operationStatus,
    EventTime: event.eventTime,
    ResourceModel: event.resourceModel,
    StatusMessage: event.statusMessage,
    ErrorCode: event.errorCode,
  }
}

function toDescription({ identifier, properties }: ResourceDescription) {
  return { Identifier: identifier, Properties: JSON.stringify(properties) }
}
