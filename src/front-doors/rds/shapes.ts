import { integrationStatuses } from "../../domain/integration.ts"
import type { Shape } from "../../wire/shapes/shape.ts"

/** The data form of what the RDS integration operations exchange (API version 2014-10-31). */

// The cloud's model leaves these strings without a limit. What is stored needs one.
const unboundedMax = 2_048

export const sourceArn = {
  kind: "string",
  min: 1,
  max: 255,
  pattern: "arn:aws[a-z\\-]*:rds(-[a-z]*)?:[a-z0-9\\-]*:[0-9]*:(cluster|db):[a-z][a-z0-9]*(-[a-z0-9]+)*",
} as const satisfies Shape

export const targetArn = { kind: "string", min: 20, max: 2048 } as const satisfies Shape

export const integrationName = {
  kind: "string",
  min: 1,
  max: 63,
  // The same language as the RDS model's `[a-zA-Z](?:-?[a-zA-Z0-9]+)*`, whose nested repetition takes exponential time.
  pattern: "[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*",
} as const satisfies Shape

export const integrationIdentifier = {
  kind: "string",
  min: 1,
  max: 255,
  pattern: "[a-zA-Z0-9_:\\-\\/]+",
} as const satisfies Shape

export const dataFilter = {
  kind: "string",
  min: 1,
  max: 25_600,
  pattern: '[a-zA-Z0-9_ "\\\\\\-$,*.:?+\\/]*',
} as const satisfies Shape

export const description = { kind: "string", min: 0, max: 1000, pattern: ".*" } as const satisfies Shape

export const kmsKeyId = { kind: "string", max: unboundedMax } as const satisfies Shape

export const encryptionContext = {
  kind: "map",
  key: { kind: "string", max: unboundedMax },
  value: { kind: "string", max: unboundedMax },
  // The cloud allows 8 pairs and adds 2 of its own.
  max: 6,
} as const satisfies Shape

const tagText = "[\\p{L}\\p{Z}\\p{N}_.:\\/=+\\-@]*"

export const tags = {
  kind: "list",
  itemName: "Tag",
  max: 50,
  item: {
    kind: "structure",
    members: {
      Key: { kind: "string", min: 1, max: 128, pattern: tagText },
      Value: { kind: "string", min: 0, max: 256, pattern: tagText },
    },
    required: ["Key"],
  },
} as const satisfies Shape

export const filters = {
  kind: "list",
  itemName: "Filter",
  max: 20,
  item: {
    kind: "structure",
    members: {
      Name: { kind: "string", max: unboundedMax },
      Values: { kind: "list", itemName: "Value", max: 200, item: { kind: "string", max: unboundedMax } },
    },
    required: ["Name", "Values"],
  },
} as const satisfies Shape

export const marker = { kind: "string", min: 1, max: 340 } as const satisfies Shape

export const integration = {
  kind: "structure",
  members: {
    SourceArn: sourceArn,
    TargetArn: targetArn,
    IntegrationName: integrationName,
    IntegrationArn: { kind: "string" },
    KMSKeyId: kmsKeyId,
    AdditionalEncryptionContext: encryptionContext,
    Status: { kind: "string", values: integrationStatuses },
    Tags: tags,
    DataFilter: dataFilter,
    Description: description,
    CreateTime: { kind: "timestamp" },
    Errors: {
      kind: "list",
      itemName: "IntegrationError",
      item: {
        kind: "structure",
        members: { ErrorCode: { kind: "string" }, ErrorMessage: { kind: "string" } },
        required: ["ErrorCode"],
      },
    },
  },
} as const satisfies Shape
