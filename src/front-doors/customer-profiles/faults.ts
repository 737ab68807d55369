import { Fault, type FaultKind } from "../../domain/faults.ts"
import type { JsonFault } from "../../wire/aws-json/fault.ts"

const badRequest = { code: "BadRequestException", status: 400 }
const notFound = { code: "ResourceNotFoundException", status: 404 }
const accessDenied = { code: "AccessDeniedException", status: 403 }

/** How each fault travels. (Source: the customer-profiles service model, 2020-08-15: it has five errors.) */
export const profileFaults: Record<FaultKind, { code: string; status: number }> = {
  accessDenied,
  checksFailed: badRequest,
  clusterNotFound: notFound,
  conflictingOperation: badRequest,
  integrationExists: badRequest,
  integrationInWrongState: badRequest,
  integrationNotFound: notFound,
  invalidCombination: badRequest,
  invalidNamespace: badRequest,
  invalidPolicy: badRequest,
  invalidTag: badRequest,
  invalidValue: badRequest,
  kmsKeyNotAccessible: badRequest,
  missingParameter: badRequest,
  partnerNotFound: notFound,
  partnerUnauthorized: accessDenied,
  // The service refuses what is above a quota as a bad request.
  quotaExceeded: badRequest,
  resourceNotFound: notFound,
  sourceNotFound: badRequest,
  tagLimitExceeded: badRequest,
  targetNotFound: badRequest,
  unavailable: { code: "InternalServerException", status: 500 },
  unsupported: badRequest,
  validation: badRequest,
}

/** `undefined`: nobody foresaw this error. */
export function profileFault(error: unknown): JsonFault | undefined {
  if (!(error instanceof Fault)) return undefined
  return { ...profileFaults[error.kind], message: error.message }
}
