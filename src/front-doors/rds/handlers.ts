import type { Caller, ControlPlane } from "../../control-plane/control-plane.ts"
import { shownKey } from "../../control-plane/integrations/encryption.ts"
import {
  createIntegration,
  deleteIntegration,
  describeIntegrations,
} from "../../control-plane/integrations/integrations.ts"
import { modifyIntegration } from "../../control-plane/integrations/modify-integration.ts"
import { Fault } from "../../domain/faults.ts"
import type { Integration } from "../../domain/integration.ts"
import type { InputOf, OutputOf } from "../../wire/aws-query/operation.ts"
import { fromMarker, pageLimit, pagingOf, toMarker } from "../paging.ts"
import type { QueryHandlers } from "../query-door.ts"
import { databaseHandlers } from "./database-handlers.ts"
import type { RdsOperations } from "./operations.ts"
import { tagHandlers } from "./tag-handlers.ts"

const service = "rds"
const paging = pagingOf("rds/DescribeIntegrations")

export function rdsHandlers(plane: ControlPlane): QueryHandlers<RdsOperations> {
  return {
    ...databaseHandlers(plane),
    ...tagHandlers(plane),
    CreateIntegration: async (input, caller) =>
      toWire(plane, await createIntegration(plane, caller, fromCreate(input))),
    DescribeIntegrations: (input, caller) => describe(plane, caller, input),
    ModifyIntegration: async (input, caller) =>
      toWire(
        plane,
        await modifyIntegration(plane, caller, {
          service,
          integrationIdentifier: input.IntegrationIdentifier,
          integrationName: input.IntegrationName,
          description: input.Description,
          dataFilter: input.DataFilter,
        }),
      ),
    DeleteIntegration: async (input, caller) => {
      const integrationIdentifier = input.IntegrationIdentifier
      return toWire(plane, await deleteIntegration(plane, caller, { service, integrationIdentifier }))
    },
  }
}

function fromCreate(input: InputOf<RdsOperations["CreateIntegration"]>) {
  return {
    service,
    sourceArn: input.SourceArn,
    targetArn: input.TargetArn,
    integrationName: input.IntegrationName,
    dataFilter: input.DataFilter,
    description: input.Description,
    kmsKeyId: input.KMSKeyId,
    additionalEncryptionContext: input.AdditionalEncryptionContext,
    tags: input.Tags?.map((tag) => ({ key: tag.Key, value: tag.Value ?? "" })),
  } as const
}

async function describe(
  plane: ControlPlane,
  caller: Caller,
  input: InputOf<RdsOperations["DescribeIntegrations"]>,
): Promise<OutputOf<RdsOperations["DescribeIntegrations"]>> {
  refuseFilters(input.Filters)
  const { integrations, next } = await describeIntegrations(plane, caller, {
    service,
    integrationIdentifier: input.IntegrationIdentifier,
    after: input.Marker === undefined ? undefined : fromMarker(paging, input.Marker),
    limit: pageLimit(paging, input.MaxRecords),
  })
  return {
    Integrations: integrations.map((one) => toWire(plane, one)),
    Marker: next === undefined ? undefined : toMarker(paging, next),
  }
}

/** The API has a list of filters and documents no name for this operation, so that every name is unknown. */
function refuseFilters(filters: InputOf<RdsOperations["DescribeIntegrations"]>["Filters"]): void {
  const first = filters?.[0]
  if (first === undefined) return
  throw new Fault(
    "invalidValue",
    `Unrecognized filter name: ${first.Name.slice(0, 64)}. This operation has no filters.`,
  )
}

function toWire(plane: ControlPlane, integration: Integration): OutputOf<RdsOperations["CreateIntegration"]> {
  const context = integration.additionalEncryptionContext
  return {
    SourceArn: integration.sourceArn,
    TargetArn: integration.targetArn,
    IntegrationName: integration.name,
    IntegrationArn: integration.arn,
    KMSKeyId: shownKey(plane, integration),
    AdditionalEncryptionContext: Object.keys(context).length === 0 ? undefined : context,
    Status: integration.status,
    Tags: integration.tags.map((tag) => ({ Key: tag.key, Value: tag.value })),
    DataFilter: integration.dataFilter,
    Description: integration.description,
    CreateTime: integration.createdAt,
    Errors: integration.errors.map((error) => ({ ErrorCode: error.code, ErrorMessage: error.message })),
  }
}
