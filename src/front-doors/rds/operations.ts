import type { QueryService } from "../../wire/aws-query/operation.ts"
import { anyText, description, encryptionContext, integrationName } from "../integration-shapes.ts"
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
          IntegrationName: integrationName,
          KMSKeyId: anyText,
          AdditionalEncryptionContext: encryptionContext,
          Tags: shapes.tags,
          DataFilter: shapes.dataFilter,
          Description: description,
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
          IntegrationName: integrationName,
          DataFilter: shapes.dataFilter,
          Description: description,
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
    AddTagsToResource: {
      input: {
        kind: "structure",
        members: { ResourceName: anyText, Tags: shapes.tags },
        required: ["ResourceName", "Tags"],
      },
    },
    ListTagsForResource: {
      input: {
        kind: "structure",
        members: { ResourceName: anyText, Filters: shapes.filters },
        required: ["ResourceName"],
      },
      output: { kind: "structure", members: { TagList: shapes.tags }, required: ["TagList"] },
    },
    RemoveTagsFromResource: {
      input: {
        kind: "structure",
        members: { ResourceName: anyText, TagKeys: shapes.tagKeys },
        required: ["ResourceName", "TagKeys"],
      },
    },
    DescribeDBInstances: {
      input: { kind: "structure", members: { DBInstanceIdentifier: anyText, ...shapes.listing } },
      output: {
        kind: "structure",
        members: {
          Marker: anyText,
          DBInstances: { kind: "list", itemName: "DBInstance", item: shapes.instance },
        },
        required: ["DBInstances"],
      },
    },
    DescribeDBClusters: {
      input: {
        kind: "structure",
        members: {
          DBClusterIdentifier: anyText,
          ...shapes.listing,
          IncludeShared: { kind: "boolean" },
        },
      },
      output: {
        kind: "structure",
        members: {
          Marker: anyText,
          DBClusters: { kind: "list", itemName: "DBCluster", item: shapes.cluster },
        },
        required: ["DBClusters"],
      },
    },
  },
} as const satisfies QueryService

export type RdsOperations = (typeof rdsService)["operations"]
