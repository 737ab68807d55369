import type { Shape } from "../../wire/shapes/shape.ts"
import {
  anyText,
  description,
  encryptionContext,
  integrationErrors,
  integrationName,
  integrationStatus,
} from "../integration-shapes.ts"

/** The data form of what the RDS integration operations exchange (API version 2014-10-31). */

export const sourceArn = {
  kind: "string",
  min: 1,
  max: 255,
  pattern: "arn:aws[a-z\\-]*:rds(-[a-z]*)?:[a-z0-9\\-]*:[0-9]*:(cluster|db):[a-z][a-z0-9]*(-[a-z0-9]+)*",
} as const satisfies Shape

export const targetArn = { kind: "string", min: 20, max: 2048 } as const satisfies Shape

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

const tagText = "[\\p{L}\\p{Z}\\p{N}_.:\\/=+\\-@]*"

const tag = {
  kind: "structure",
  members: {
    Key: { kind: "string", min: 1, max: 128, pattern: tagText },
    Value: { kind: "string", min: 0, max: 256, pattern: tagText },
  },
  required: ["Key"],
} as const satisfies Shape

export const tags = { kind: "list", itemName: "Tag", max: 50, item: tag } as const satisfies Shape

/** The model names no item for these, unlike for tags. */
export const tagKeys = {
  kind: "list",
  itemName: "member",
  max: 50,
  item: anyText,
} as const satisfies Shape

export const filters = {
  kind: "list",
  itemName: "Filter",
  max: 20,
  item: {
    kind: "structure",
    members: {
      Name: anyText,
      Values: { kind: "list", itemName: "Value", max: 200, item: anyText },
    },
    required: ["Name", "Values"],
  },
} as const satisfies Shape

export const marker = { kind: "string", min: 1, max: 340 } as const satisfies Shape

/** What an operation that lists takes, besides what it looks for. */
export const listing = { Filters: filters, MaxRecords: { kind: "integer" }, Marker: anyText } as const

const endpoint = {
  kind: "structure",
  members: { Address: { kind: "string" }, Port: { kind: "integer" } },
} as const satisfies Shape

/** Of the cloud's many members those that a source has. */
export const instance = {
  kind: "structure",
  members: {
    DBInstanceIdentifier: { kind: "string" },
    Engine: { kind: "string" },
    DBInstanceStatus: { kind: "string" },
    DBName: { kind: "string" },
    Endpoint: endpoint,
    DBInstanceArn: { kind: "string" },
    TagList: tags,
  },
} as const satisfies Shape

/** A cluster's endpoint is its address alone, other than an instance's. */
export const cluster = {
  kind: "structure",
  members: {
    DatabaseName: { kind: "string" },
    DBClusterIdentifier: { kind: "string" },
    Status: { kind: "string" },
    Endpoint: { kind: "string" },
    Engine: { kind: "string" },
    Port: { kind: "integer" },
    DBClusterArn: { kind: "string" },
    TagList: tags,
  },
} as const satisfies Shape

export const integration = {
  kind: "structure",
  members: {
    SourceArn: sourceArn,
    TargetArn: targetArn,
    IntegrationName: integrationName,
    IntegrationArn: { kind: "string" },
    KMSKeyId: anyText,
    AdditionalEncryptionContext: encryptionContext,
    Status: integrationStatus,
    Tags: tags,
    DataFilter: dataFilter,
    Description: description,
    CreateTime: { kind: "timestamp" },
    Errors: integrationErrors,
  },
} as const satisfies Shape
