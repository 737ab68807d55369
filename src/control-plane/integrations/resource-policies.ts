import { Fault } from "../../domain/faults.ts"
import { Problem, reportOf, statusDuring } from "../../domain/problems.ts"
import { decide, type ResourcePolicy } from "../../domain/resource-policy/resource-policy.ts"
import { parseResourcePolicy } from "../../domain/resource-policy/resource-policy-parser.ts"
import { parseArn, parseTargetArn } from "../../domain/text-forms/arn.ts"
import type { Caller, ControlPlane } from "../control-plane.ts"
import { requireAdmin, requireReader } from "../sql-users/roles.ts"

/**
 * Replaces the whole policy of a warehouse. Integrations whose source it no longer authorises end for good.
 *
 * @throws Fault accessDenied, resourceNotFound, invalidPolicy.
 */
export async function putResourcePolicy(
  plane: ControlPlane,
  caller: Caller,
  input: { resourceArn: string; policy: string },
): Promise<void> {
  requireAdmin(caller, "change resource policies")
  requireWarehouse(plane, input.resourceArn)
  const parsed = parseResourcePolicy(input.policy, input.resourceArn)
  if ("mistake" in parsed) throw new Fault("invalidPolicy", parsed.mistake)
  await plane.store.resourcePolicies.put(input.resourceArn, input.policy)
  await endUnauthorised(plane, input.resourceArn)
}

/** The document as it was put. @throws Fault accessDenied, resourceNotFound (also when there is none). */
export async function resourcePolicy(
  plane: ControlPlane,
  caller: Caller,
  resourceArn: string,
): Promise<string> {
  requireReader(caller, "read resource policies")
  requireWarehouse(plane, resourceArn)
  const policy = await plane.store.resourcePolicies.of(resourceArn)
  if (policy === undefined) throw noPolicy(resourceArn)
  return policy
}

/**
 * Removes the policy of a warehouse. Without one, integrations of the account's own sources, created by its own
 * administrators, are allowed. @throws Fault accessDenied, resourceNotFound (also when there is no policy).
 */
export async function deleteResourcePolicy(
  plane: ControlPlane,
  caller: Caller,
  resourceArn: string,
): Promise<void> {
  requireAdmin(caller, "change resource policies")
  requireWarehouse(plane, resourceArn)
  if (!(await plane.store.resourcePolicies.remove(resourceArn))) throw noPolicy(resourceArn)
}

/**
 * Whether the target's policy lets this caller join this source to it. The account's own admins need no statement of
 * their own, as in the cloud, but the source does once there is a policy.
 *
 * @throws Fault accessDenied
 */
export async function requireInbound(
  plane: ControlPlane,
  caller: Caller,
  { sourceArn, targetArn }: { sourceArn: string; targetArn: string },
): Promise<void> {
  const policy = await policyOf(plane, targetArn)
  if (policy === undefined) return
  if (!authorises(plane, policy, sourceArn)) {
    throw new Fault("accessDenied", notAuthorised(sourceArn, targetArn))
  }
  const principal = { account: plane.account, name: caller.name }
  const request = { sourceArn, sourceAccount: accountOf(plane, sourceArn), principal }
  if (decide(policy, { ...request, action: "create" }) !== "denied") return
  throw new Fault(
    "accessDenied",
    `The resource policy of ${targetArn} denies redshift:CreateInboundIntegration to ${caller.name}.`,
  )
}

/** Ends what the target's policy does not authorise now; for after a change of either. Repeatable. */
export async function endUnauthorised(plane: ControlPlane, targetArn: string): Promise<void> {
  const policy = await policyOf(plane, targetArn)
  if (policy === undefined) return
  for (const { id, sourceArn } of await integrationsInto(plane, targetArn)) {
    if (authorises(plane, policy, sourceArn)) continue
    const problem = new Problem("sourceNotAuthorised", notAuthorised(sourceArn, targetArn))
    await plane.store.integrations.setStatus(id, statusDuring(problem.kind), [reportOf(problem)])
  }
  plane.nudge()
}

async function integrationsInto(plane: ControlPlane, targetArn: string) {
  return (await plane.store.integrations.all()).filter((one) => one.targetArn === targetArn)
}

function authorises(plane: ControlPlane, policy: ResourcePolicy, sourceArn: string): boolean {
  const sourceAccount = accountOf(plane, sourceArn)
  const request = { action: "authorize", principal: "service", sourceArn, sourceAccount } as const
  return decide(policy, request) === "allowed"
}

/** A bucket's ARN names no account. */
function accountOf(plane: ControlPlane, arn: string): string {
  return parseArn(arn)?.account || plane.account
}

function notAuthorised(sourceArn: string, targetArn: string): string {
  return (
    `The resource policy of ${targetArn} does not authorise ${sourceArn}: it needs a statement that allows ` +
    "redshift:AuthorizeInboundIntegration to the service redshift.amazonaws.com with this aws:SourceArn."
  )
}

async function policyOf(plane: ControlPlane, targetArn: string): Promise<ResourcePolicy | undefined> {
  const text = await plane.store.resourcePolicies.of(targetArn)
  if (text === undefined) return undefined
  const parsed = parseResourcePolicy(text, targetArn)
  if ("mistake" in parsed) throw new Error(`the stored policy of ${targetArn} cannot be read`)
  return parsed.ok
}

function requireWarehouse(plane: ControlPlane, arn: string): void {
  if (plane.warehouses.some((warehouse) => warehouse.arn === arn)) return
  const shown = arn.slice(0, 255)
  const hint = parseTargetArn(arn) === undefined ? " Give the ARN of a namespace." : ""
  throw new Fault("resourceNotFound", `No warehouse ${shown} is configured.${hint}`)
}

function noPolicy(arn: string): Fault {
  return new Fault("resourceNotFound", `The warehouse ${arn} has no resource policy.`)
}
