import { STATUS_CODES } from "node:http"
import type { FaultKind } from "../../domain/faults.ts"
import type { WireResponse } from "../../wire/http/message.ts"
import type { RouteAnswer } from "./route.ts"

/** The HTTP status of each refusal in the governance API. */
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
  kmsKeyNotAccessible: 422,
  missingParameter: 400,
  partnerNotFound: 404,
  partnerUnauthorized: 403,
  quotaExceeded: 409,
  resourceNotFound: 404,
  sourceNotFound: 404,
  tagLimitExceeded: 400,
  targetNotFound: 404,
  unavailable: 503,
  unsupported: 501,
  validation: 400,
}

/** The envelope of every refusal: status, its reason phrase, a text. (Fact: members and their order.) */
export function refusal(status: number, message: string, headers: Record<string, string> = {}): WireResponse {
  const body = { statusCode: status, error: STATUS_CODES[status] ?? "Error", message }
  return json(status, body, headers)
}

export function answered(answer: RouteAnswer): WireResponse {
  switch (answer.kind) {
    case "json":
      return json(answer.status ?? 200, answer.body, {})
    case "text": {
      const type = answer.mediaType ?? "text/plain; charset=utf-8"
      return { status: 200, headers: { ...common, "content-type": type }, body: answer.body }
    }
  }
}

/** An answer may hold a token. */
const common = { "cache-control": "no-store", "x-content-type-options": "nosniff" }

function json(status: number, body: unknown, headers: Record<string, string>): WireResponse {
  const type = "application/json; charset=utf-8"
  return {
    status,
    headers: { ...common, "content-type": type, ...headers },
    body: body === undefined ? "" : JSON.stringify(body),
  }
}
