import type { RequestOperation, RequestRecord, RequestStatus } from "../../state/resources/requests.ts"
import type { ErrorCode } from "../faults.ts"

/** A request as callers see it. (Source: ProgressEvent of the Cloud Control service model, 2021-09-30.) */
export interface ProgressEvent {
  typeName: string
  /** As soon as it is known. */
  identifier: string | undefined
  requestToken: string
  operation: RequestOperation
  operationStatus: RequestStatus
  eventTime: Date
  /** JSON text; of what succeeded, and was no deletion. */
  resourceModel: string | undefined
  statusMessage: string | undefined
  errorCode: ErrorCode | undefined
}

export function progressEvent(request: RequestRecord): ProgressEvent {
  return {
    typeName: request.typeName,
    identifier: request.identifier ?? undefined,
    requestToken: request.token,
    operation: request.operation,
    operationStatus: request.status,
    eventTime: request.changedAt,
    resourceModel: request.model ?? undefined,
    statusMessage: request.statusMessage ?? undefined,
    // Written by this room only.
    errorCode: (request.errorCode as ErrorCode | null) ?? undefined,
  }
}
