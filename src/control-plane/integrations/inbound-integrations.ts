import { Fault } from "../../domain/faults.ts"
import type { Caller, ControlPlane } from "../control-plane.ts"
import { requireReader } from "../sql-users/roles.ts"
import { type IntegrationPage, integrationPage } from "./integrations.ts"

/**
 * What arrives at the warehouses, whichever API made it, oldest first.
 *
 * @throws Fault accessDenied, integrationNotFound, invalidNamespace, invalidValue (`after`).
 */
export async function describeInboundIntegrations(
  plane: ControlPlane,
  caller: Caller,
  input: {
    integrationArn?: string | undefined
    targetArn?: string | undefined
    after?: string | undefined
    limit: number
  },
): Promise<IntegrationPage> {
  requireReader(caller, "describe integrations")
  const { integrationArn, targetArn } = input
  if (targetArn !== undefined && !plane.warehouses.some(({ arn }) => arn === targetArn)) {
    throw new Fault("invalidNamespace", `No warehouse ${targetArn} is configured.`)
  }
  const page = await integrationPage(
    plane,
    {
      ...(integrationArn !== undefined && { arns: [integrationArn] }),
      ...(targetArn !== undefined && { targetArn }),
    },
    input,
  )
  if (integrationArn !== undefined && page.integrations.length === 0 && input.after === undefined) {
    throw new Fault("integrationNotFound", `There is no inbound integration ${integrationArn}.`)
  }
  return page
}
