import { Fault, type FaultKind } from "../../domain/faults.ts"
import type { WireResponse } from "../../wire/http/message.ts"
import { StatementRefused } from "./query/statements.ts"

/** Refusals that are the console's own: those of no operation. */
export const consoleRefusals = {
  /** No session, or one that has ended. */
  signedOut: 401,
  /** The name or the password is wrong, or the link was used or has expired. */
  notSignedIn: 401,
  /** Too many wrong passwords, or too many calls. */
  tooMany: 429,
  /** Without TLS, from another machine. */
  plainRefused: 403,
  /** A change that does not come from the console's own pages. */
  crossSite: 403,
  notFound: 404,
  tooLarge: 413,
  internal: 500,
} as const

export type ConsoleRefusal = keyof typeof consoleRefusals

/** A request that the console refuses, in words for the person who reads them. */
export class Refused extends Error {
  readonly code: ConsoleRefusal
  /** What to do about it. */
  readonly remedy: string | undefined
  readonly headers: Record<string, string>

  constructor(
    code: ConsoleRefusal,
    message: string,
    more: { remedy?: string; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.code = code
    this.remedy = more.remedy
    this.headers = more.headers ?? {}
  }
}

/** The HTTP status of each fault; its kind is the `code` of the answer. */
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
  partnerUnauthorized: 403,
  quotaExceeded: 400,
  resourceNotFound: 404,
  sourceNotFound: 404,
  tagLimitExceeded: 400,
  targetNotFound: 404,
  unavailable: 503,
  unsupported: 400,
  validation: 400,
}

/** Of everything that the console answers. */
export const commonHeaders: Record<string, string> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
}

/** An answer of the API: nothing keeps it, nothing renders it. */
const apiHeaders: Record<string, string> = {
  ...commonHeaders,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
}

export interface RouteAnswer {
  /** Usual: 200. */
  status?: number
  body?: object
  stream?: ReadableStream<Uint8Array>
  headers?: Record<string, string>
}

export function answered({ status = 200, body, stream, headers }: RouteAnswer): WireResponse {
  const type = stream === undefined ? "application/json" : "text/event-stream"
  return {
    status,
    headers: { ...apiHeaders, "content-type": type, ...headers },
    body: JSON.stringify(body ?? {}),
    ...(stream && { stream }),
  }
}

/** @returns undefined: nobody foresaw this error */
export function refusalOf(error: unknown): WireResponse | undefined {
  if (error instanceof Refused) {
    const { code, message, remedy, headers } = error
    return answered({ status: consoleRefusals[code], body: bodyOf(code, message, remedy), headers })
  }
  if (error instanceof StatementRefused) {
    const { code, message, hint, position } = error
    const body = {
      error: { ...bodyOf(code, message, hint).error, ...(position !== undefined && { position }) },
    }
    return answered({ status: 400, body })
  }
  if (error instanceof Fault)
    return answered({ status: faultStatus[error.kind], body: bodyOf(error.kind, error.message) })
  return undefined
}

export function internalError(requestId: string): WireResponse {
  const message = `The request failed for an internal reason; the log has it as ${requestId}.`
  return answered({ status: consoleRefusals.internal, body: bodyOf("internal", message) })
}

function bodyOf(code: string, message: string, remedy?: string): { error: object } {
  return { error: { code, message, ...(remedy !== undefined && { remedy }) } }
}
