import type { Fault, FaultKind } from "../../domain/faults.ts"
import { commonFaults, type FaultCode } from "../../wire/aws-query/fault.ts"
import type { Form } from "../../wire/aws-query/form.ts"

/** How each fault travels through the Redshift API: the model's codes, some of which lack their shape's `Fault`. */
export const redshiftFaults: Record<FaultKind, FaultCode> = {
  accessDenied: commonFaults.AccessDenied,
  // Only the governance API runs checks of a warehouse during a call.
  checksFailed: commonFaults.InvalidParameterValue,
  clusterNotFound: { code: "ClusterNotFound", status: 404, sender: true },
  conflictingOperation: { code: "IntegrationConflictOperationFault", status: 400, sender: true },
  integrationExists: { code: "IntegrationAlreadyExistsFault", status: 400, sender: true },
  integrationInWrongState: { code: "IntegrationConflictStateFault", status: 400, sender: true },
  integrationNotFound: { code: "IntegrationNotFoundFault", status: 404, sender: true },
  invalidCombination: commonFaults.InvalidParameterCombination,
  invalidNamespace: { code: "InvalidNamespaceFault", status: 400, sender: true },
  invalidPolicy: { code: "InvalidPolicyFault", status: 400, sender: true },
  invalidTag: { code: "InvalidTagFault", status: 400, sender: true },
  invalidValue: commonFaults.InvalidParameterValue,
  // The Redshift API has no code of its own for a key that cannot be used.
  kmsKeyNotAccessible: commonFaults.InvalidParameterValue,
  missingParameter: commonFaults.MissingParameter,
  partnerNotFound: { code: "PartnerNotFound", status: 404, sender: true },
  partnerUnauthorized: { code: "UnauthorizedPartnerIntegration", status: 401, sender: true },
  quotaExceeded: { code: "IntegrationQuotaExceededFault", status: 400, sender: true },
  resourceNotFound: { code: "ResourceNotFoundFault", status: 404, sender: true },
  sourceNotFound: { code: "IntegrationSourceNotFoundFault", status: 404, sender: true },
  tagLimitExceeded: { code: "TagLimitExceededFault", status: 400, sender: true },
  targetNotFound: { code: "IntegrationTargetNotFoundFault", status: 404, sender: true },
  unavailable: commonFaults.ServiceUnavailable,
  unsupported: { code: "UnsupportedOperation", status: 400, sender: true },
  validation: commonFaults.ValidationError,
}

/** The code under which the fault travels. To the tag operations an integration is a resource like any other. */
export function redshiftFaultCode(fault: Fault, form: Form): FaultCode {
  const kind =
    fault.kind === "integrationNotFound" && form.has("ResourceName") ? "resourceNotFound" : fault.kind
  return redshiftFaults[kind]
}
