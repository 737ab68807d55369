import type { QueryService } from "../../wire/aws-query/operation.ts"
import * as shapes from "./shapes.ts"

export const rdsService = {
  version: "2014-10-31",
  namespace: "http://rds.amazonaws.com/doc/2014-10-31/",
  operations: {
    CreateIntegration: {
      input: {
        kind: "structure",
        members: {
          SourceArn: shapes.sourceArn,
          TargetArn: shapes.targetArn,
          IntegrationName: shapes.integrationName,
          KMSKeyId: shapes.kmsKeyId,
          AdditionalEncryptionContext: shapes.encryptionContext,
          Tags: shapes.tags,
          DataFilter: shapes.dataFilter,
          Description: shapes.description,
        },
        required: ["SourceArn", "TargetArn", "IntegrationName"],
      },
      output: shapes.integration,
    },
    DescribeIntegrations: {
      input: {
        kind: "structure",
        members: {
          IntegrationIdentifier: shapes.integrationIdentifier,
          Filters: shapes.filters,
          MaxRecords: { kind: "integer" },
          Marker: shapes.marker,
        },
      },
      output: {
        kind: "structure",
        members: {
          Marker: shapes.marker,
          Integrations: { kind: "list", itemName: "Integration", item: shapes.integration },
        },
        required: ["Integrations"],
      },
    },
    ModifyIntegration: {
      input: {
        kind: "structure",
        members: {
          IntegrationIdentifier: shapes.integrationIdentifier,
          IntegrationName: shapes.integrationName,
          DataFilter: shapes.dataFilter,
          Description: shapes.description,
        },
        required: ["IntegrationIdentifier"],
      },
      output: shapes.integration,
    },
    DeleteIntegration: {
      input: {
        kind: "structure",
        members: { IntegrationIdentifier: shapes.integrationIdentifier },
        required: ["IntegrationIdentifier"],
      },
      output: shapes.integration,
    },
  },
} as const satisfies QueryService

export type RdsOperations = (typeof rdsService)["operations"]
