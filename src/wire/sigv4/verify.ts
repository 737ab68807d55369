import { createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { headersByName, headerValue, headerValues, type WireRequest } from "../http/message.ts"
import { type Authorization, algorithm, type CredentialScope, parseAuthorization } from "./authorization.ts"
import { canonicalRequest, sha256Hex } from "./canonical.ts"
import { dateHeader, type SigningTime, signingTime, stampOf } from "./clock.ts"
import { problem, type SignatureProblem } from "./problem.ts"

/** Stricter than the cloud's 15 minutes: a stolen signed request is of use for less long. */
const clockSkewMs = 5 * 60 * 1000

export interface VerifyOptions {
  region: string
  /** Services whose scope is accepted. */
  services: readonly string[]
  nowMs: number
  /** The secret of a key, or `undefined` when there is no such key. */
  secretOf(accessKeyId: string): string | undefined
}

export type Verified =
  | { ok: { accessKeyId: string; service: string; region: string } }
  | { error: SignatureProblem }

// An unknown key is checked against this, so that it costs what a known one costs.
const nobodysSecret = randomBytes(30).toString("base64")

// Headers that change what a request means, or who signed it when: a second copy could hide behind the first.
const sentOnce = ["host", "x-amz-date", "date", "x-amz-content-sha256", "x-amz-target", "content-type"]

/** Checks a header-signed request (AWS Signature Version 4) against its key, its scope, its body and the clock. */
export function verifySignature(request: WireRequest, options: VerifyOptions): Verified {
  const authorization = parseAuthorization(request)
  if ("kind" in authorization) return { error: authorization }
  const time = signingTime(request)
  if (time === undefined) {
    return incomplete("Authorization header requires a 'X-Amz-Date' (YYYYMMDDTHHMMSSZ) or 'Date' header.")
  }
  const refused =
    headersProblem(request, authorization) ??
    scopeProblem(authorization.scope, time, options) ??
    clockProblem(time, options.nowMs) ??
    payloadProblem(request)
  if (refused !== undefined) return { error: refused }
  return compare(request, authorization, time, options)
}

function compare(
  request: WireRequest,
  authorization: Authorization,
  time: SigningTime,
  options: VerifyOptions,
): Verified {
  const { scope, signedHeaders, signature } = authorization
  const canonical = canonicalRequest(request, signedHeaders, sha256Hex(request.body))
  if (canonical === undefined) {
    return { error: problem("malformedRequest", "The query string holds a malformed percent-encoding.") }
  }
  const secret = options.secretOf(scope.accessKeyId)
  const expected = sign(secret ?? nobodysSecret, scope, time.stamp, canonical)
  const equal = timingSafeEqual(expected, Buffer.from(signature, "hex"))
  if (secret === undefined) {
    return { error: problem("unknownKey", "The security token included in the request is invalid.") }
  }
  if (!equal) return { error: problem("mismatch", mismatchMessage) }
  return { ok: { accessKeyId: scope.accessKeyId, service: scope.service, region: scope.region } }
}

const mismatchMessage =
  "The request signature we calculated does not match the signature you provided. " +
  "Check your AWS Secret Access Key and signing method."

export function sign(secret: string, scope: CredentialScope, stamp: string, canonical: string): Buffer {
  const scopeText = `${scope.date}/${scope.region}/${scope.service}/${scope.terminator}`
  const dateKey = hmac(`AWS4${secret}`, scope.date)
  const key = hmac(hmac(hmac(dateKey, scope.region), scope.service), scope.terminator)
  return hmac(key, [algorithm, stamp, scopeText, sha256Hex(canonical)].join("\n"))
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest()
}

function headersProblem(request: WireRequest, authorization: Authorization): SignatureProblem | undefined {
  if (headerValue(request, "x-amz-security-token") !== undefined) {
    return problem("tokenRefused", "Session tokens are not accepted here: sign with a long-term access key.")
  }
  const repeated = sentOnce.find((name) => headerValues(request, name).length > 1)
  if (repeated !== undefined) return problem("incomplete", `Send the header '${repeated}' only once.`)
  const signed = new Set(authorization.signedHeaders)
  const sent = headersByName(request)
  const absent = authorization.signedHeaders.find((name) => !sent.has(name))
  if (absent !== undefined) return problem("mismatch", `The signed header '${absent}' is not in the request.`)
  const unsigned = ["host", dateHeader(request), ...amazonHeaders(request)].find((name) => !signed.has(name))
  if (unsigned !== undefined)
    return problem("mismatch", `'${unsigned}' must be a 'SignedHeader' in the request.`)
  return undefined
}

function amazonHeaders(request: WireRequest): string[] {
  return request.headers.map(([name]) => name.toLowerCase()).filter((name) => name.startsWith("x-amz-"))
}

function scopeProblem(
  scope: CredentialScope,
  time: SigningTime,
  options: VerifyOptions,
): SignatureProblem | undefined {
  if (scope.terminator !== "aws4_request") {
    return problem("mismatch", "Credential should be scoped with a valid terminator: 'aws4_request'.")
  }
  if (scope.date !== time.stamp.slice(0, 8)) {
    return problem("mismatch", "Date in Credential scope does not match YYYYMMDD of the signing date.")
  }
  if (scope.region !== options.region) {
    return problem("mismatch", `Credential should be scoped to a valid region: this is '${options.region}'.`)
  }
  if (!options.services.includes(scope.service)) {
    const list = options.services.map((service) => `'${service}'`).join(", ")
    return problem("mismatch", `Credential should be scoped to correct service: ${list}.`)
  }
  return undefined
}

function clockProblem(time: SigningTime, nowMs: number): SignatureProblem | undefined {
  if (Math.abs(nowMs - time.atMs) <= clockSkewMs) return undefined
  const now = stampOf(nowMs)
  return problem("expired", `The request was signed at ${time.stamp}, more than 5 minutes from now (${now}).`)
}

function payloadProblem(request: WireRequest): SignatureProblem | undefined {
  const declared = headerValue(request, "x-amz-content-sha256")
  if (declared === undefined || declared === sha256Hex(request.body)) return undefined
  if (/^[0-9a-f]{64}$/.test(declared)) {
    return problem("mismatch", "The body does not match its 'x-amz-content-sha256' header.")
  }
  return problem("mismatch", "'x-amz-content-sha256' must be the hexadecimal SHA-256 of the body.")
}

function incomplete(message: string): Verified {
  return { error: problem("incomplete", message) }
}
