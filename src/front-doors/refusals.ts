import {
  type JsonFault,
  type JsonProtocol,
  jsonFaultResponse,
  jsonSignatureFault,
} from "../wire/aws-json/fault.ts"
import { commonFaults, type WireFault, wireFault } from "../wire/aws-query/fault.ts"
import { faultResponse } from "../wire/aws-query/respond.ts"
import { signatureFault } from "../wire/aws-query/signature-faults.ts"
import { headerValue, type WireRequest, type WireResponse } from "../wire/http/message.ts"
import { claimedService } from "../wire/sigv4/authorization.ts"
import type { SignatureProblem } from "../wire/sigv4/problem.ts"

export interface Refusal {
  response: WireResponse
  code: string
}

/** The refusals that no door can make, since they come before one is reached. */
export interface Refusals {
  signature(problem: SignatureProblem, requestId: string): Refusal
  notServed(service: string, requestId: string): Refusal
  tooLarge(requestId: string): Refusal
  /** The key has used up its requests; there will be one after so long. */
  throttled(waitMs: number, requestId: string): Refusal
  /** For what nobody foresaw; the log has the reason under the request id. */
  internal(requestId: string): Refusal
}

/** In the protocol that the client speaks, as far as it can be told from a request nobody has verified. */
export function refusalsFor(request: WireRequest): Refusals {
  switch (claimedService(request)) {
    case "rds":
    case "redshift":
      return queryRefusals
    case "cloudcontrolapi":
      return jsonRefusals("awsJson1.0")
    case "millrace":
    case "profile":
      return jsonRefusals("restJson1")
    default:
      return refusalsByContent(request)
  }
}

function refusalsByContent(request: WireRequest): Refusals {
  if (headerValue(request, "x-amz-target") !== undefined) return jsonRefusals("awsJson1.0")
  return /^\/(domains|integrations|tags)(\/|$)/.test(request.path) ? jsonRefusals("restJson1") : queryRefusals
}

function internalMessage(requestId: string): string {
  return `The request failed for an internal reason; the log has it as ${requestId}.`
}

const throttledMessage = "Rate exceeded: this access key makes more requests than it may. Try again later."

/** In whole seconds, as the header has it. */
function retrying({ response, code }: Refusal, waitMs: number): Refusal {
  const headers = { ...response.headers, "retry-after": String(Math.max(1, Math.ceil(waitMs / 1_000))) }
  return { response: { ...response, headers }, code }
}

const tooLargeMessage = "The request's body is larger than 1 MiB."

function notServedMessage(service: string): string {
  return `The ${service} API is not available in this version of Millrace; the rds, redshift, cloudcontrolapi and profile APIs are.`
}

const queryRefusals: Refusals = {
  signature: (problem, requestId) => queryRefusal(signatureFault(problem), requestId),
  notServed: (service, requestId) =>
    // The code that the service's own model has for what it cannot do.
    queryRefusal(
      { code: "UnsupportedOperation", status: 400, sender: true, message: notServedMessage(service) },
      requestId,
    ),
  throttled: (waitMs, requestId) =>
    retrying(queryRefusal(wireFault("Throttling", throttledMessage), requestId), waitMs),
  tooLarge: (requestId) =>
    queryRefusal(wireFault(commonFaults.RequestEntityTooLarge.code, tooLargeMessage), requestId),
  internal: (requestId) => queryRefusal(wireFault("InternalFailure", internalMessage(requestId)), requestId),
}

function queryRefusal(fault: WireFault, requestId: string): Refusal {
  return { response: faultResponse(fault, { namespace: undefined, requestId }), code: fault.code }
}

const notServedJson: Record<JsonProtocol, { code: string; status: number }> = {
  "awsJson1.0": { code: "UnsupportedActionException", status: 405 },
  restJson1: { code: "UnknownOperationException", status: 404 },
}

function jsonRefusals(protocol: JsonProtocol): Refusals {
  const refusal = (fault: JsonFault, requestId: string): Refusal => ({
    response: jsonFaultResponse(protocol, fault, requestId),
    code: fault.code,
  })
  return {
    signature: (problem, requestId) => refusal(jsonSignatureFault(protocol, problem), requestId),
    notServed: (service, requestId) =>
      refusal({ ...notServedJson[protocol], message: notServedMessage(service) }, requestId),
    throttled: (waitMs, requestId) =>
      retrying(
        refusal({ code: "ThrottlingException", status: 429, message: throttledMessage }, requestId),
        waitMs,
      ),
    tooLarge: (requestId) =>
      refusal({ code: "RequestEntityTooLargeException", status: 413, message: tooLargeMessage }, requestId),
    internal: (requestId) =>
      refusal({ code: "InternalFailure", status: 500, message: internalMessage(requestId) }, requestId),
  }
}
