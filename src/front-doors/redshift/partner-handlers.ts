import type { ControlPlane } from "../../control-plane/control-plane.ts"
import {
  addPartner,
  deletePartner,
  describePartners,
  type PartnerInput,
  updatePartnerStatus,
} from "../../control-plane/partners.ts"
import type { InputOf } from "../../wire/aws-query/operation.ts"
import type { QueryHandlers } from "../query-door.ts"
import type { partnerOperations } from "./partner-operations.ts"

type PartnerOperations = typeof partnerOperations

export function partnerHandlers(plane: ControlPlane): QueryHandlers<PartnerOperations> {
  return {
    AddPartner: async (input, caller) => {
      await addPartner(plane, caller, keyOf(input))
      return named(input)
    },
    DescribePartners: async (input, caller) => {
      const partners = await describePartners(plane, caller, {
        account: input.AccountId,
        cluster: input.ClusterIdentifier,
        database: input.DatabaseName,
        partner: input.PartnerName,
      })
      return {
        PartnerIntegrationInfoList: partners.map((one) => ({
          DatabaseName: one.database,
          PartnerName: one.partner,
          Status: one.status,
          StatusMessage: one.statusMessage,
          CreatedAt: one.createdAt,
          UpdatedAt: one.updatedAt,
        })),
      }
    },
    UpdatePartnerStatus: async (input, caller) => {
      const { Status: status, StatusMessage: statusMessage } = input
      await updatePartnerStatus(plane, caller, { ...keyOf(input), status, statusMessage })
      return named(input)
    },
    DeletePartner: async (input, caller) => {
      await deletePartner(plane, caller, keyOf(input))
      return named(input)
    },
  }
}

type Named = InputOf<PartnerOperations["AddPartner"]>

function keyOf(input: Named): PartnerInput {
  return {
    account: input.AccountId,
    cluster: input.ClusterIdentifier,
    database: input.DatabaseName,
    partner: input.PartnerName,
  }
}

function named({ DatabaseName, PartnerName }: Named) {
  return { DatabaseName, PartnerName }
}
