import type { QueryService } from "../../wire/aws-query/operation.ts"
import * as shapes from "./shapes.ts"

const partner = {
  AccountId: shapes.accountId,
  ClusterIdentifier: shapes.clusterIdentifier,
  DatabaseName: shapes.databaseName,
  PartnerName: shapes.partnerName,
} as const

/** What tells one partner from all others. */
const whole = ["AccountId", "ClusterIdentifier", "DatabaseName", "PartnerName"] as const

const named = {
  kind: "structure",
  members: { DatabaseName: shapes.databaseName, PartnerName: shapes.partnerName },
} as const

export const partnerOperations = {
  AddPartner: { input: { kind: "structure", members: partner, required: whole }, output: named },
  DescribePartners: {
    input: { kind: "structure", members: partner, required: ["AccountId", "ClusterIdentifier"] },
    output: {
      kind: "structure",
      members: {
        PartnerIntegrationInfoList: {
          kind: "list",
          itemName: "PartnerIntegrationInfo",
          item: shapes.partnerInfo,
        },
      },
      required: ["PartnerIntegrationInfoList"],
    },
  },
  UpdatePartnerStatus: {
    input: {
      kind: "structure",
      members: { ...partner, Status: shapes.partnerStatus, StatusMessage: shapes.statusMessage },
      required: [...whole, "Status"],
    },
    output: named,
  },
  DeletePartner: { input: { kind: "structure", members: partner, required: whole }, output: named },
} as const satisfies QueryService["operations"]
