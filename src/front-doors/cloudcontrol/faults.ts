import { Fault } from "../../domain/faults.ts"
import { type ErrorCode, errorCodeOf, ResourceFault, type ResourceFaultKind } from "../../resources/faults.ts"
import type { JsonFault } from "../../wire/aws-json/fault.ts"

interface Code {
  code: string
  status: number
}

/** How each refusal travels. (Source: the Cloud Control service model, 2021-09-30; 5xx where the model says so only.) */
export const resourceCodes: Record<ResourceFaultKind, Code> = {
  alreadyExists: { code: "AlreadyExistsException", status: 400 },
  clientTokenConflict: { code: "ClientTokenConflictException", status: 409 },
  concurrentModification: { code: "ConcurrentModificationException", status: 500 },
  concurrentOperation: { code: "ConcurrentOperationException", status: 409 },
  invalidRequest: { code: "InvalidRequestException", status: 400 },
  notFound: { code: "ResourceNotFoundException", status: 404 },
  notStabilized: { code: "NotStabilizedException", status: 400 },
  notUpdatable: { code: "NotUpdatableException", status: 400 },
  requestTokenNotFound: { code: "RequestTokenNotFoundException", status: 404 },
  typeNotFound: { code: "TypeNotFoundException", status: 404 },
  unsupportedAction: { code: "UnsupportedActionException", status: 405 },
}

/** What the integrations' own services refuse, by the code that a request would have failed with. */
export const serviceCodes: Record<ErrorCode, Code> = {
  AccessDenied: { code: "AccessDeniedException", status: 400 },
  AlreadyExists: { code: "AlreadyExistsException", status: 400 },
  GeneralServiceException: { code: "GeneralServiceException", status: 400 },
  InternalFailure: { code: "HandlerInternalFailureException", status: 502 },
  InvalidCredentials: { code: "InvalidCredentialsException", status: 401 },
  InvalidRequest: { code: "InvalidRequestException", status: 400 },
  NetworkFailure: { code: "NetworkFailureException", status: 502 },
  NotFound: { code: "ResourceNotFoundException", status: 404 },
  NotStabilized: { code: "NotStabilizedException", status: 400 },
  NotUpdatable: { code: "NotUpdatableException", status: 400 },
  ResourceConflict: { code: "ResourceConflictException", status: 409 },
  ServiceInternalError: { code: "ServiceInternalErrorException", status: 502 },
  ServiceLimitExceeded: { code: "ServiceLimitExceededException", status: 400 },
  ServiceTimeout: { code: "ServiceInternalErrorException", status: 502 },
  Throttling: { code: "ThrottlingException", status: 429 },
  UnauthorizedTaggingOperation: { code: "AccessDeniedException", status: 400 },
}

/** `undefined`: nobody foresaw this error. */
export function cloudControlFault(error: unknown): JsonFault | undefined {
  if (error instanceof ResourceFault) return { ...resourceCodes[error.kind], message: error.message }
  const errorCode = errorCodeOf(error)
  if (errorCode === undefined || !(error instanceof Fault)) return undefined
  return { ...serviceCodes[errorCode], message: error.message }
}
