import type { ControlPlane } from "../../control-plane/control-plane.ts"
import {
  deleteResourcePolicy,
  putResourcePolicy,
  resourcePolicy,
} from "../../control-plane/integrations/resource-policies.ts"
import type { QueryHandlers } from "../query-door.ts"
import { clusterHandlers } from "./cluster-handlers.ts"
import { integrationHandlers } from "./integration-handlers.ts"
import type { RedshiftOperations } from "./operations.ts"
import { partnerHandlers } from "./partner-handlers.ts"
import { tagHandlers } from "./tag-handlers.ts"

export function redshiftHandlers(plane: ControlPlane): QueryHandlers<RedshiftOperations> {
  return {
    ...integrationHandlers(plane),
    ...partnerHandlers(plane),
    ...tagHandlers(plane),
    ...policyHandlers(plane),
    ...clusterHandlers(plane),
  }
}

type PolicyOperations = Pick<
  RedshiftOperations,
  "PutResourcePolicy" | "GetResourcePolicy" | "DeleteResourcePolicy"
>

function policyHandlers(plane: ControlPlane): QueryHandlers<PolicyOperations> {
  return {
    PutResourcePolicy: async ({ ResourceArn, Policy }, caller) => {
      await putResourcePolicy(plane, caller, { resourceArn: ResourceArn, policy: Policy })
      return { ResourcePolicy: { ResourceArn, Policy } }
    },
    GetResourcePolicy: async ({ ResourceArn }, caller) => {
      const Policy = await resourcePolicy(plane, caller, ResourceArn)
      return { ResourcePolicy: { ResourceArn, Policy } }
    },
    DeleteResourcePolicy: async ({ ResourceArn }, caller) => {
      await deleteResourcePolicy(plane, caller, ResourceArn)
      return {}
    },
  }
}
