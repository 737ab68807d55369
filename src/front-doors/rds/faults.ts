import type { Fault, FaultKind } from "../../domain/faults.ts"
import { commonFaults, type FaultCode } from "../../wire/aws-query/fault.ts"

/** How each fault travels through the RDS API; a kind without a row does not compile. */
export const rdsFaults: Record<FaultKind, FaultCode> = {
  accessDenied: commonFaults.AccessDenied,
  conflictingOperation: { code: "IntegrationConflictOperationFault", status: 400, sender: true },
  integrationExists: { code: "IntegrationAlreadyExistsFault", status: 400, sender: true },
  integrationInWrongState: { code: "InvalidIntegrationStateFault", status: 400, sender: true },
  integrationNotFound: { code: "IntegrationNotFoundFault", status: 404, sender: true },
  invalidCombination: commonFaults.InvalidParameterCombination,
  invalidValue: commonFaults.InvalidParameterValue,
  kmsKeyNotAccessible: { code: "KMSKeyNotAccessibleFault", status: 400, sender: true },
  missingParameter: commonFaults.MissingParameter,
  quotaExceeded: { code: "IntegrationQuotaExceededFault", status: 400, sender: true },
  // The model's code, not its shape's name: the shape DBInstanceNotFoundFault travels without `Fault`.
  sourceNotFound: { code: "DBInstanceNotFound", status: 404, sender: true },
  // The RDS API has no code of its own for a missing target.
  targetNotFound: commonFaults.InvalidParameterValue,
  unavailable: commonFaults.ServiceUnavailable,
  // The RDS API has no code for what is not supported.
  unsupported: commonFaults.InvalidParameterValue,
  validation: commonFaults.ValidationError,
}

/** A missing source that is a cluster has another code than one that is an instance. */
export const clusterNotFound: FaultCode = { code: "DBClusterNotFoundFault", status: 404, sender: true }

export function rdsFaultCode(fault: Fault, sourceArn: string | undefined): FaultCode {
  if (fault.kind === "sourceNotFound" && sourceArn?.split(":")[5] === "cluster") return clusterNotFound
  return rdsFaults[fault.kind]
}
