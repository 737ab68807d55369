import type { AuditedCall } from "../domain/audit.ts"
import type { SignedCall } from "./door.ts"

/** Members that name what a call is about, the telling ones first. */
const namingMembers = [
  "IntegrationArn",
  "IntegrationIdentifier",
  "ResourceArn",
  "ResourceName",
  "IntegrationName",
  "integration",
]

/** Who calls what, and from where. */
export function auditedCall(
  { caller, request, requestId, policy = caller.role }: SignedCall,
  door: string,
  operation: string,
  parameters: object,
): AuditedCall {
  return {
    requestId,
    door,
    operation,
    accessKeyId: caller.name,
    policy,
    address: request.address,
    resource: resourceNamed(parameters),
    parameters,
  }
}

/** What the members of an input or an output name. */
export function resourceNamed(members: object): string | undefined {
  const values = new Map<string, unknown>(Object.entries(members))
  const [cluster, database, partner] = ["ClusterIdentifier", "DatabaseName", "PartnerName"].map((name) =>
    values.get(name),
  )
  if (partner !== undefined && cluster !== undefined) return `${cluster}/${database}/${partner}`
  const found = namingMembers.map((name) => values.get(name)).find((value) => typeof value === "string")
  return typeof found === "string" ? found : undefined
}
