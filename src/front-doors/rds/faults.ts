import type { Fault, FaultKind } from "../../domain/faults.ts"
import { commonFaults, type FaultCode } from "../../wire/aws-query/fault.ts"
import type { Form } from "../../wire/aws-query/form.ts"

/** How each fault travels through the RDS API; a kind without a row does not compile. */
export const rdsFaults: Record<FaultKind, FaultCode> = {
  accessDenied: commonFaults.AccessDenied,
  // Only the governance API runs checks of a warehouse during a call.
  checksFailed: commonFaults.InvalidParameterValue,
  // Clusters of warehouses are not in this API.
  clusterNotFound: commonFaults.InvalidParameterValue,
  conflictingOperation: { code: "IntegrationConflictOperationFault", status: 400, sender: true },
  integrationExists: { code: "IntegrationAlreadyExistsFault", status: 400, sender: true },
  integrationInWrongState: { code: "InvalidIntegrationStateFault", status: 400, sender: true },
  integrationNotFound: { code: "IntegrationNotFoundFault", status: 404, sender: true },
  invalidCombination: commonFaults.InvalidParameterCombination,
  invalidNamespace: commonFaults.InvalidParameterValue,
  invalidPolicy: commonFaults.InvalidParameterValue,
  // The RDS API has no codes of its own for tags.
  invalidTag: commonFaults.InvalidParameterValue,
  invalidValue: commonFaults.InvalidParameterValue,
  kmsKeyNotAccessible: { code: "KMSKeyNotAccessibleFault", status: 400, sender: true },
  missingParameter: commonFaults.MissingParameter,
  // Partners are not in this API.
  partnerNotFound: commonFaults.InvalidParameterValue,
  partnerUnauthorized: commonFaults.AccessDenied,
  quotaExceeded: { code: "IntegrationQuotaExceededFault", status: 400, sender: true },
  resourceNotFound: commonFaults.InvalidParameterValue,
  // The model's code, not its shape's name: the shape DBInstanceNotFoundFault travels without `Fault`.
  sourceNotFound: { code: "DBInstanceNotFound", status: 404, sender: true },
  tagLimitExceeded: commonFaults.InvalidParameterValue,
  // The RDS API has no code of its own for a missing target.
  targetNotFound: commonFaults.InvalidParameterValue,
  unavailable: commonFaults.ServiceUnavailable,
  // The RDS API has no code for what is not supported.
  unsupported: commonFaults.InvalidParameterValue,
  validation: commonFaults.ValidationError,
}

/** A missing source that is a cluster has another code than one that is an instance. */
export const clusterNotFound: FaultCode = { code: "DBClusterNotFoundFault", status: 404, sender: true }

/** Kinds of the cloud's resources, as their ARNs name them, of which there is none here. */
const kindsOfTheCloud: Record<string, string> = {
  "db-proxy": "DBProxyNotFoundFault",
  "db-proxy-endpoint": "DBProxyEndpointNotFoundFault",
  deployment: "BlueGreenDeploymentNotFoundFault",
  "shard-group": "DBShardGroupNotFound",
  snapshot: "DBSnapshotNotFound",
  "snapshot-tenant-database": "DBSnapshotTenantDatabaseNotFoundFault",
  "target-group": "DBProxyTargetGroupNotFoundFault",
  "tenant-database": "TenantDatabaseNotFound",
}

/** The code under which the fault travels; some depend on what the request is about. */
export function rdsFaultCode(fault: Fault, form: Form): FaultCode {
  const arn = form.get("SourceArn") ?? form.get("ResourceName")
  const resource = arn?.split(":")[5] ?? ""
  switch (fault.kind) {
    case "sourceNotFound":
      return resource === "cluster" || form.has("DBClusterIdentifier")
        ? clusterNotFound
        : rdsFaults.sourceNotFound
    case "resourceNotFound": {
      const code = Object.hasOwn(kindsOfTheCloud, resource) ? kindsOfTheCloud[resource] : undefined
      return code === undefined ? rdsFaults.resourceNotFound : { code, status: 404, sender: true }
    }
    case "integrationExists":
      // For a modification the API knows no "already exists", only a conflict.
      return form.get("Action") === "ModifyIntegration"
        ? rdsFaults.conflictingOperation
        : rdsFaults.integrationExists
    default:
      return rdsFaults[fault.kind]
  }
}
