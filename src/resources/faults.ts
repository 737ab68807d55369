import { Fault, type FaultKind } from "../domain/faults.ts"

/**
 * Why a call about a resource is refused, or a request about one failed: a closed list. Those of the integrations' own services
 * (`Fault`) come to the same codes by `errorCodeOf`.
 */
export const resourceFaultKinds = [
  "alreadyExists",
  "clientTokenConflict",
  "concurrentModification",
  "concurrentOperation",
  "invalidRequest",
  "notFound",
  "notStabilized",
  "notUpdatable",
  "requestTokenNotFound",
  "typeNotFound",
  "unsupportedAction",
] as const

export type ResourceFaultKind = (typeof resourceFaultKinds)[number]

/** A refused call, or the reason of a failed request. `message` is safe to show. */
export class ResourceFault extends Error {
  readonly kind: ResourceFaultKind

  constructor(kind: ResourceFaultKind, message: string) {
    super(message)
    this.name = "ResourceFault"
    this.kind = kind
  }
}

/** What a ProgressEvent may give as its ErrorCode. (Source: HandlerErrorCode of the Cloud Control service model, 2021-09-30.) */
export type ErrorCode =
  | "NotUpdatable"
  | "InvalidRequest"
  | "AccessDenied"
  | "UnauthorizedTaggingOperation"
  | "InvalidCredentials"
  | "AlreadyExists"
  | "NotFound"
  | "ResourceConflict"
  | "Throttling"
  | "ServiceLimitExceeded"
  | "NotStabilized"
  | "GeneralServiceException"
  | "ServiceInternalError"
  | "ServiceTimeout"
  | "NetworkFailure"
  | "InternalFailure"

const codesOfResources: Record<ResourceFaultKind, ErrorCode> = {
  alreadyExists: "AlreadyExists",
  clientTokenConflict: "InvalidRequest",
  concurrentModification: "ResourceConflict",
  concurrentOperation: "ResourceConflict",
  invalidRequest: "InvalidRequest",
  notFound: "NotFound",
  notStabilized: "NotStabilized",
  notUpdatable: "NotUpdatable",
  requestTokenNotFound: "NotFound",
  typeNotFound: "InvalidRequest",
  unsupportedAction: "InvalidRequest",
}

const codesOfServices: Record<FaultKind, ErrorCode> = {
  accessDenied: "AccessDenied",
  checksFailed: "InvalidRequest",
  clusterNotFound: "InvalidRequest",
  conflictingOperation: "ResourceConflict",
  integrationExists: "AlreadyExists",
  integrationInWrongState: "ResourceConflict",
  integrationNotFound: "NotFound",
  invalidCombination: "InvalidRequest",
  invalidNamespace: "InvalidRequest",
  invalidPolicy: "InvalidRequest",
  invalidTag: "InvalidRequest",
  invalidValue: "InvalidRequest",
  kmsKeyNotAccessible: "InvalidRequest",
  missingParameter: "InvalidRequest",
  partnerNotFound: "InvalidRequest",
  partnerUnauthorized: "AccessDenied",
  quotaExceeded: "ServiceLimitExceeded",
  resourceNotFound: "NotFound",
  // The desired state names it: the resource itself does not exist yet.
  sourceNotFound: "InvalidRequest",
  tagLimitExceeded: "ServiceLimitExceeded",
  targetNotFound: "InvalidRequest",
  unavailable: "ServiceInternalError",
  unsupported: "InvalidRequest",
  validation: "InvalidRequest",
}

/** `undefined`: nobody foresaw this error. */
export function errorCodeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof ResourceFault) return codesOfResources[error.kind]
  return error instanceof Fault ? codesOfServices[error.kind] : undefined
}

/** In a word, for the audit trail. */
export function outcomeOf(error: unknown): string {
  return error instanceof ResourceFault || error instanceof Fault ? error.kind : "internal"
}
