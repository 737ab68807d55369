import { requireReader } from "../../control-plane/policies.ts"
import { type StatusSources, statusReport } from "../../control-plane/status.ts"
import { Fault } from "../../domain/faults.ts"
import { errorFields, type Log } from "../../wire/http/log.ts"
import type { WireResponse } from "../../wire/http/message.ts"
import type { Door, DoorAnswer } from "../door.ts"

/** The scope that `millrace status` signs for. */
export const operationsService = "millrace"

/** Millrace's own operations API: `GET /status`, signed. */
export function statusDoor(sources: StatusSources, log: Log): Door {
  return {
    service: operationsService,
    async handle({ request, caller, requestId }) {
      if (request.method !== "GET" || request.path !== "/status")
        return refused(404, "notFound", "There is GET /status.", requestId)
      try {
        requireReader(caller, "see the status")
        return {
          response: json(200, await statusReport(sources), requestId),
          operation: "Status",
          code: undefined,
        }
      } catch (error) {
        if (error instanceof Fault)
          return refused(error.kind === "accessDenied" ? 403 : 503, error.kind, error.message, requestId)
        log.error({ requestId, ...errorFields(error) }, "status failed")
        return refused(
          500,
          "internal",
          `The status could not be made; the log has why as ${requestId}.`,
          requestId,
        )
      }
    },
  }
}

function refused(status: number, code: string, message: string, requestId: string): DoorAnswer {
  return { response: json(status, { code, message }, requestId), operation: "Status", code }
}

function json(status: number, body: object, requestId: string): WireResponse {
  const headers = { "content-type": "application/json", "x-amzn-requestid": requestId }
  return { status, headers, body: JSON.stringify(body) }
}
