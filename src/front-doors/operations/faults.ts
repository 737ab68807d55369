import type { FaultKind } from "../../domain/faults.ts"

/** The HTTP status of each refusal; its kind is the `code` of the answer's body. */
export const faultStatus: Record<FaultKind, number> = {
  accessDenied: 403,
  conflictingOperation: 409,
  integrationExists: 409,
  integrationInWrongState: 409,
  integrationNotFound: 404,
  invalidCombination: 400,
  invalidValue: 400,
  kmsKeyNotAccessible: 400,
  missingParameter: 400,
  quotaExceeded: 400,
  sourceNotFound: 404,
  targetNotFound: 404,
  unavailable: 503,
  unsupported: 400,
  validation: 400,
}
