import type { QueryService } from "../../wire/aws-query/operation.ts"
import { anyText, description, encryptionContext, integrationName } from "../integration-shapes.ts"
import { partnerOperations } from "./partner-operations.ts"
import * as shapes from "./shapes.ts"

export const redshiftService = {
  version: "2012-12-01",
  namespace: "http://redshift.amazonaws.com/doc/2012-12-01/",
  operations: {
    ...partnerOperations,
    CreateIntegration: {
      input: {
        kind: "structure",
        members: {
          SourceArn: shapes.sourceArn,
          TargetArn: shapes.targetArn,
          IntegrationName: integrationName,
          KMSKeyId: anyText,
          TagList: shapes.tags,
          AdditionalEncryptionContext: encryptionContext,
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
          IntegrationArn: shapes.integrationArn,
          MaxRecords: { kind: "integer" },
          Marker: anyText,
          Filters: shapes.filters,
        },
      },
      output: {
        kind: "structure",
        members: {
          Marker: anyText,
          Integrations: { kind: "list", itemName: "Integration", item: shapes.integration },
        },
        required: ["Integrations"],
      },
    },
    ModifyIntegration: {
      input: {
        kind: "structure",
        members: {
          IntegrationArn: shapes.integrationArn,
          Description: description,
          IntegrationName: integrationName,
        },
        required: ["IntegrationArn"],
      },
      output: shapes.integration,
    },
    DeleteIntegration: {
      input: {
        kind: "structure",
        members: { IntegrationArn: shapes.integrationArn },
        required: ["IntegrationArn"],
      },
      output: shapes.integration,
    },
    DescribeInboundIntegrations: {
      input: {
        kind: "structure",
        members: {
          IntegrationArn: shapes.inboundIntegrationArn,
          TargetArn: shapes.targetArn,
          MaxRecords: { kind: "integer" },
          Marker: anyText,
        },
      },
      output: {
        kind: "structure",
        members: {
          Marker: anyText,
          InboundIntegrations: {
            kind: "list",
            itemName: "InboundIntegration",
            item: shapes.inboundIntegration,
          },
        },
        required: ["InboundIntegrations"],
      },
    },
    CreateTags: {
      input: {
        kind: "structure",
        members: { ResourceName: anyText, Tags: shapes.tags },
        required: ["ResourceName", "Tags"],
      },
    },
    DeleteTags: {
      input: {
        kind: "structure",
        members: { ResourceName: anyText, TagKeys: shapes.tagKeys },
        required: ["ResourceName", "TagKeys"],
      },
    },
    DescribeTags: {
      input: {
        kind: "structure",
        members: {
          ResourceName: anyText,
          ResourceType: anyText,
          MaxRecords: { kind: "integer" },
          Marker: anyText,
          TagKeys: shapes.tagKeys,
          TagValues: shapes.tagValues,
        },
      },
      output: {
        kind: "structure",
        members: {
          TaggedResources: { kind: "list", itemName: "TaggedResource", item: shapes.taggedResource },
          Marker: anyText,
        },
        required: ["TaggedResources"],
      },
    },
    PutResourcePolicy: {
      input: {
        kind: "structure",
        members: { ResourceArn: anyText, Policy: shapes.policy },
        required: ["ResourceArn", "Policy"],
      },
      output: shapes.resourcePolicy,
    },
    GetResourcePolicy: {
      input: { kind: "structure", members: { ResourceArn: anyText }, required: ["ResourceArn"] },
      output: shapes.resourcePolicy,
    },
    DeleteResourcePolicy: {
      input: { kind: "structure", members: { ResourceArn: anyText }, required: ["ResourceArn"] },
    },
    DescribeClusters: {
      input: {
        kind: "structure",
        members: {
          ClusterIdentifier: anyText,
          MaxRecords: { kind: "integer" },
          Marker: anyText,
          TagKeys: shapes.tagKeys,
          TagValues: shapes.tagValues,
        },
      },
      output: {
        kind: "structure",
        members: {
          Marker: anyText,
          Clusters: { kind: "list", itemName: "Cluster", item: shapes.cluster },
        },
        required: ["Clusters"],
      },
    },
    DescribeLoggingStatus: {
      input: {
        kind: "structure",
        members: { ClusterIdentifier: anyText },
        required: ["ClusterIdentifier"],
      },
      output: shapes.loggingStatus,
    },
  },
} as const satisfies QueryService

export type RedshiftOperations = (typeof redshiftService)["operations"]
