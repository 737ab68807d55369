import type { WireResponse } from "../http/message.ts"
import type { SignatureProblem, SignatureProblemKind } from "../sigv4/problem.ts"

/** The two JSON protocols differ in how an error's status and content type travel. */
export type JsonProtocol = "awsJson1.0" | "restJson1"

export interface JsonFault {
  code: string
  status: number
  message: string
}

const contentTypes: Record<JsonProtocol, string> = {
  "awsJson1.0": "application/x-amz-json-1.0",
  restJson1: "application/json",
}

/** The code in header and body: some clients look only at the one, some only at the other. */
export function jsonFaultResponse(protocol: JsonProtocol, fault: JsonFault, requestId: string): WireResponse {
  const message =
    protocol === "restJson1" ? { Message: fault.message } : { __type: fault.code, Message: fault.message }
  return {
    status: fault.status,
    headers: {
      "content-type": contentTypes[protocol],
      "x-amzn-errortype": fault.code,
      "x-amzn-RequestId": requestId,
    },
    body: JSON.stringify(message),
  }
}

const codes: Record<SignatureProblemKind, string> = {
  missing: "MissingAuthenticationTokenException",
  incomplete: "IncompleteSignatureException",
  unknownKey: "UnrecognizedClientException",
  mismatch: "InvalidSignatureException",
  expired: "InvalidSignatureException",
  tokenRefused: "UnrecognizedClientException",
  malformedRequest: "SerializationException",
}

export function jsonSignatureFault(protocol: JsonProtocol, problem: SignatureProblem): JsonFault {
  const status = protocol === "awsJson1.0" || problem.kind === "malformedRequest" ? 400 : 403
  return { code: codes[problem.kind], status, message: problem.message }
}
