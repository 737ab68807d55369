import type { JsonService } from "../../wire/aws-json/operation.ts"
import * as shapes from "./shapes.ts"

const progress = { kind: "structure", members: { ProgressEvent: shapes.progressEvent } } as const

export const cloudControlService = {
  target: "CloudApiService",
  operations: {
    CreateResource: {
      input: {
        kind: "structure",
        members: { ...shapes.common, ClientToken: shapes.token, DesiredState: shapes.document },
        required: ["TypeName", "DesiredState"],
      },
      output: progress,
    },
    GetResource: {
      input: {
        kind: "structure",
        members: { ...shapes.common, Identifier: shapes.identifier },
        required: ["TypeName", "Identifier"],
      },
      output: {
        kind: "structure",
        members: { TypeName: { kind: "string" }, ResourceDescription: shapes.description },
      },
    },
    UpdateResource: {
      input: {
        kind: "structure",
        members: {
          ...shapes.common,
          ClientToken: shapes.token,
          Identifier: shapes.identifier,
          PatchDocument: shapes.document,
        },
        required: ["TypeName", "Identifier", "PatchDocument"],
      },
      output: progress,
    },
    DeleteResource: {
      input: {
        kind: "structure",
        members: { ...shapes.common, ClientToken: shapes.token, Identifier: shapes.identifier },
        required: ["TypeName", "Identifier"],
      },
      output: progress,
    },
    ListResources: {
      input: {
        kind: "structure",
        members: {
          ...shapes.common,
          NextToken: shapes.handlerNextToken,
          MaxResults: shapes.maxResults,
          ResourceModel: shapes.document,
        },
        required: ["TypeName"],
      },
      output: {
        kind: "structure",
        members: {
          TypeName: { kind: "string" },
          ResourceDescriptions: { kind: "list", itemName: "member", item: shapes.description },
          NextToken: { kind: "string" },
        },
      },
    },
    GetResourceRequestStatus: {
      input: { kind: "structure", members: { RequestToken: shapes.token }, required: ["RequestToken"] },
      output: {
        kind: "structure",
        members: { ProgressEvent: shapes.progressEvent, HooksProgressEvent: shapes.hookEvents },
      },
    },
    ListResourceRequests: {
      input: {
        kind: "structure",
        members: {
          MaxResults: shapes.maxResults,
          NextToken: shapes.nextToken,
          ResourceRequestStatusFilter: shapes.requestFilter,
        },
      },
      output: {
        kind: "structure",
        members: {
          ResourceRequestStatusSummaries: { kind: "list", itemName: "member", item: shapes.progressEvent },
          NextToken: { kind: "string" },
        },
      },
    },
    CancelResourceRequest: {
      input: { kind: "structure", members: { RequestToken: shapes.token }, required: ["RequestToken"] },
      output: progress,
    },
  },
} as const satisfies JsonService

export type CloudControlOperations = (typeof cloudControlService)["operations"]
