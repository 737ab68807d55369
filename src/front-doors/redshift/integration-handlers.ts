import type { ControlPlane } from "../../control-plane/control-plane.ts"
import { shownKey } from "../../control-plane/integrations/encryption.ts"
import { describeInboundIntegrations } from "../../control-plane/integrations/inbound-integrations.ts"
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
import { integrationFilter } from "./integration-filter.ts"
import type { RedshiftOperations } from "./operations.ts"
import { fromTags, toTags } from "./wire-tags.ts"

type IntegrationOperations = Pick<
  RedshiftOperations,
  | "CreateIntegration"
  | "DescribeIntegrations"
  | "ModifyIntegration"
  | "DeleteIntegration"
  | "DescribeInboundIntegrations"
>

const service = "redshift"
const paging = pagingOf("redshift/DescribeIntegrations")
const inboundPaging = pagingOf("redshift/DescribeInboundIntegrations")

export function integrationHandlers(plane: ControlPlane): QueryHandlers<IntegrationOperations> {
  return {
    CreateIntegration: async (input, caller) =>
      toWire(plane, await createIntegration(plane, caller, fromCreate(input))),
    DescribeIntegrations: async (input, caller) => {
      if (input.IntegrationArn !== undefined && (input.Filters?.length ?? 0) > 0) {
        throw new Fault("invalidCombination", "Give IntegrationArn or Filters, not both.")
      }
      const { integrations, next } = await describeIntegrations(plane, caller, {
        service,
        integrationIdentifier: input.IntegrationArn,
        filter: integrationFilter(input.Filters),
        after: input.Marker === undefined ? undefined : fromMarker(paging, input.Marker),
        limit: pageLimit(paging, input.MaxRecords),
      })
      return {
        Integrations: integrations.map((one) => toWire(plane, one)),
        Marker: next === undefined ? undefined : toMarker(paging, next),
      }
    },
    ModifyIntegration: async (input, caller) =>
      toWire(
        plane,
        await modifyIntegration(plane, caller, {
          service,
          integrationIdentifier: input.IntegrationArn,
          integrationName: input.IntegrationName,
          description: input.Description,
        }),
      ),
    DeleteIntegration: async (input, caller) => {
      const integrationIdentifier = input.IntegrationArn
      return toWire(plane, await deleteIntegration(plane, caller, { service, integrationIdentifier }))
    },
    DescribeInboundIntegrations: async (input, caller) => {
      const { integrations, next } = await describeInboundIntegrations(plane, caller, {
        integrationArn: input.IntegrationArn,
        targetArn: input.TargetArn,
        after: input.Marker === undefined ? undefined : fromMarker(inboundPaging, input.Marker),
        limit: pageLimit(inboundPaging, input.MaxRecords),
      })
      return {
        InboundIntegrations: integrations.map(toInbound),
        Marker: next === undefined ? undefined : toMarker(inboundPaging, next),
      }
    },
  }
}

function fromCreate(input: InputOf<IntegrationOperations["CreateIntegration"]>) {
  return {
    service,
    sourceArn: withoutRegion(input.SourceArn),
    targetArn: input.TargetArn,
    integrationName: input.IntegrationName,
    description: input.Description,
    kmsKeyId: input.KMSKeyId,
    additionalEncryptionContext: input.AdditionalEncryptionContext,
    tags: fromTags(input.TagList ?? []),
  } as const
}

/** A bucket's ARN may be given with its region, and is shown without. */
function withoutRegion(arn: string): string {
  return arn.replace(/^(arn:aws[a-z-]*:s3):[a-z0-9-]+::/, "$1:::")
}

function toWire(
  plane: ControlPlane,
  integration: Integration,
): OutputOf<IntegrationOperations["CreateIntegration"]> {
  const context = integration.additionalEncryptionContext
  return {
    ...toInbound(integration),
    IntegrationName: integration.name,
    Description: integration.description,
    KMSKeyId: shownKey(plane, integration),
    AdditionalEncryptionContext: Object.keys(context).length === 0 ? undefined : context,
    Tags: toTags(integration.tags),
  }
}

/** What a target may know of what arrives there. */
function toInbound(integration: Integration) {
  return {
    IntegrationArn: integration.arn,
    SourceArn: integration.sourceArn,
    TargetArn: integration.targetArn,
    Status: integration.status,
    Errors: integration.errors.map(({ code, message }) => ({ ErrorCode: code, ErrorMessage: message })),
    CreateTime: integration.createdAt,
  }
}
