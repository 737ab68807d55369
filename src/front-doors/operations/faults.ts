import type { FaultKind } from "../../domain/faults.ts"

/** The HTTP status of each refusal; its kind is the `code` of the answer's body. */
export const faultStatus: Record<FaultKind, number> = {
  accessDenied: 403,
  checksFailed: 422,
  clusterNotFound: 404,
  conflictingOperation: 409,
  integrationExists: 409,
  integrationInWrongState: 409,
  integrationNotFound: 404,
  invalidCombination: 400,
  invalidNamespace: 400,
  invalidPolicy: 400,
  invalidTag: 400,
  invalidValue: 400,
  kmsKeyNotAccessible: 400,
  missingParameter: 400,
  partnerNotFound: 404,
  partnerUnauthorized: 401,
  quotaExceeded: 400,
  resourceNotFound: 404,
  sourceNotFound: 404,
  tagLimitExceeded: 400,
  targetNotFound: 404,
  unavailable: 503,
  unsupported: 400,
  validation: 400,
}
