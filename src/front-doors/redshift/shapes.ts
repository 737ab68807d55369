import { partnerStatuses } from "../../domain/partner.ts"
import { policyMaxBytes } from "../../domain/resource-policy/resource-policy-parser.ts"
import type { Shape } from "../../wire/shapes/shape.ts"
import {
  anyText,
  description,
  encryptionContext,
  integrationErrors,
  integrationName,
  integrationStatus,
} from "../integration-shapes.ts"

/** The data form of what the Redshift operations exchange (API version 2012-12-01). */

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

export const sourceArn = {
  kind: "string",
  min: 1,
  max: 255,
  pattern: "arn:aws[a-z\\-]*:(s3|dynamodb):.*:.*:[a-zA-Z0-9._\\-\\/]+",
} as const satisfies Shape

export const targetArn = {
  kind: "string",
  min: 20,
  max: 2048,
  pattern:
    "arn:aws[a-z\\-]*:redshift(-serverless)?:[a-z0-9\\-]+:[0-9]{12}:(namespace\\/|namespace:)[a-z0-9\\-]+",
} as const satisfies Shape

export const integrationArn = {
  kind: "string",
  min: 1,
  max: 255,
  pattern: `arn:aws[a-z\\-]*:redshift:[a-z0-9\\-]*:[0-9]*:integration:${uuid}`,
} as const satisfies Shape

export const inboundIntegrationArn = {
  kind: "string",
  min: 1,
  max: 255,
  pattern: `arn:aws[a-z\\-]*:.+:[a-z0-9\\-]*:[0-9]*:integration:${uuid}`,
} as const satisfies Shape

/** The model leaves keys and values without limits, for they have a fault of their own. */
export const tag = {
  kind: "structure",
  members: { Key: { kind: "string" }, Value: { kind: "string" } },
} as const satisfies Shape

export const tags = { kind: "list", itemName: "Tag", item: tag } as const satisfies Shape
export const tagKeys = { kind: "list", itemName: "TagKey", item: { kind: "string" } } as const satisfies Shape
export const tagValues = {
  kind: "list",
  itemName: "TagValue",
  item: { kind: "string" },
} as const satisfies Shape

export const filters = {
  kind: "list",
  itemName: "DescribeIntegrationsFilter",
  max: 20,
  item: {
    kind: "structure",
    members: {
      Name: { kind: "string", values: ["integration-arn", "source-arn", "source-types", "status"] },
      Values: { kind: "list", itemName: "Value", max: 200, item: anyText },
    },
    required: ["Name", "Values"],
  },
} as const satisfies Shape

export const accountId = { kind: "string", min: 12, max: 12, pattern: "[0-9]+" } as const satisfies Shape
export const clusterIdentifier = {
  kind: "string",
  max: 63,
  pattern: "[a-zA-Z0-9\\-]+",
} as const satisfies Shape
export const databaseName = {
  kind: "string",
  max: 127,
  pattern: "[\\p{L}_][\\p{L}\\p{N}@$#_]+",
} as const satisfies Shape
export const partnerName = { kind: "string", max: 255, pattern: "[a-zA-Z0-9\\-_]+" } as const satisfies Shape
export const partnerStatus = { kind: "string", values: partnerStatuses } as const satisfies Shape
export const statusMessage = {
  kind: "string",
  max: 262_144,
  pattern: "[\\x20-\\x7E]+",
} as const satisfies Shape

/** Characters, of which none is less than a byte; what is too long in bytes is refused as a policy. */
export const policy = { kind: "string", max: policyMaxBytes } as const satisfies Shape

export const resourcePolicy = {
  kind: "structure",
  members: { ResourcePolicy: { kind: "structure", members: { ResourceArn: anyText, Policy: policy } } },
} as const satisfies Shape

export const integration = {
  kind: "structure",
  members: {
    IntegrationArn: integrationArn,
    IntegrationName: integrationName,
    SourceArn: sourceArn,
    TargetArn: targetArn,
    Status: integrationStatus,
    Errors: integrationErrors,
    CreateTime: { kind: "timestamp" },
    Description: description,
    KMSKeyId: anyText,
    AdditionalEncryptionContext: encryptionContext,
    Tags: tags,
  },
} as const satisfies Shape

export const inboundIntegration = {
  kind: "structure",
  members: {
    IntegrationArn: inboundIntegrationArn,
    SourceArn: { kind: "string" },
    TargetArn: targetArn,
    Status: integrationStatus,
    Errors: integrationErrors,
    CreateTime: { kind: "timestamp" },
  },
} as const satisfies Shape

export const partnerInfo = {
  kind: "structure",
  members: {
    DatabaseName: databaseName,
    PartnerName: partnerName,
    Status: partnerStatus,
    StatusMessage: statusMessage,
    CreatedAt: { kind: "timestamp" },
    UpdatedAt: { kind: "timestamp" },
  },
} as const satisfies Shape

export const taggedResource = {
  kind: "structure",
  members: { Tag: tag, ResourceName: { kind: "string" }, ResourceType: { kind: "string" } },
} as const satisfies Shape

/** Of the cloud's many members those that a warehouse has. */
export const cluster = {
  kind: "structure",
  members: {
    ClusterIdentifier: { kind: "string" },
    ClusterStatus: { kind: "string" },
    ClusterAvailabilityStatus: { kind: "string" },
    DBName: { kind: "string" },
    Endpoint: {
      kind: "structure",
      members: { Address: { kind: "string" }, Port: { kind: "integer" } },
    },
    ClusterVersion: { kind: "string" },
    AllowVersionUpgrade: { kind: "boolean" },
    NumberOfNodes: { kind: "integer" },
    PubliclyAccessible: { kind: "boolean" },
    Encrypted: { kind: "boolean" },
    EnhancedVpcRouting: { kind: "boolean" },
    AvailabilityZoneRelocationStatus: { kind: "string" },
    MultiAZ: { kind: "string" },
    RestoreStatus: { kind: "structure", members: { Status: { kind: "string" } } },
    Tags: tags,
    ClusterNamespaceArn: { kind: "string" },
  },
} as const satisfies Shape

/** The cloud's other members tell where logs go. */
export const loggingStatus = {
  kind: "structure",
  members: { LoggingEnabled: { kind: "boolean" } },
} as const satisfies Shape
