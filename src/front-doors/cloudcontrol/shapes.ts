import { requestStatuses } from "../../state/resources/requests.ts"
import type { Shape } from "../../wire/shapes/shape.ts"

/** What the Cloud Control operations exchange (API version 2021-09-30). */

export const typeName = {
  kind: "string",
  min: 10,
  max: 196,
  pattern: "[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}",
} as const satisfies Shape

export const typeVersionId = {
  kind: "string",
  min: 1,
  max: 128,
  pattern: "[A-Za-z0-9-]+",
} as const satisfies Shape

export const roleArn = {
  kind: "string",
  min: 20,
  max: 2048,
  pattern: "arn:.+:iam::[0-9]{12}:role/.+",
} as const satisfies Shape

/** Of ClientToken and RequestToken. */
export const token = {
  kind: "string",
  min: 1,
  max: 128,
  pattern: "[-A-Za-z0-9+/=]+",
} as const satisfies Shape

export const identifier = { kind: "string", min: 1, max: 1024, pattern: ".+" } as const satisfies Shape

/** JSON text: Properties of the model, and PatchDocument. */
export const document = {
  kind: "string",
  min: 1,
  max: 262_144,
  pattern: "[\\s\\S]*",
} as const satisfies Shape

export const nextToken = {
  kind: "string",
  min: 1,
  max: 2048,
  pattern: "[-A-Za-z0-9+/=]+",
} as const satisfies Shape

export const handlerNextToken = { kind: "string", min: 1, max: 4096, pattern: ".+" } as const satisfies Shape

export const maxResults = { kind: "integer", min: 1, max: 100 } as const satisfies Shape

const operation = { kind: "string", values: ["CREATE", "DELETE", "UPDATE"] } as const satisfies Shape
const status = { kind: "string", values: requestStatuses } as const satisfies Shape

export const requestFilter = {
  kind: "structure",
  members: {
    Operations: { kind: "list", itemName: "member", item: operation },
    OperationStatuses: { kind: "list", itemName: "member", item: status },
  },
} as const satisfies Shape

/** What every operation on a resource takes. */
export const common = { TypeName: typeName, TypeVersionId: typeVersionId, RoleArn: roleArn } as const

export const progressEvent = {
  kind: "structure",
  members: {
    TypeName: { kind: "string" },
    Identifier: { kind: "string" },
    RequestToken: { kind: "string" },
    HooksRequestToken: { kind: "string" },
    Operation: operation,
    OperationStatus: status,
    EventTime: { kind: "timestamp" },
    ResourceModel: { kind: "string" },
    StatusMessage: { kind: "string" },
    ErrorCode: { kind: "string" },
    RetryAfter: { kind: "timestamp" },
  },
} as const satisfies Shape

export const description = {
  kind: "structure",
  members: { Identifier: { kind: "string" }, Properties: { kind: "string" } },
} as const satisfies Shape

/** Hooks are the cloud's: there are none here, and the list stays empty. */
export const hookEvents = {
  kind: "list",
  itemName: "member",
  item: { kind: "structure", members: {} },
} as const satisfies Shape
