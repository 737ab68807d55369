import { headerValues, type WireRequest } from "../http/message.ts"
import { problem, type SignatureProblem } from "./problem.ts"

export interface CredentialScope {
  accessKeyId: string
  /** `YYYYMMDD`. */
  date: string
  region: string
  service: string
  terminator: string
}

export interface Authorization {
  scope: CredentialScope
  /** Lower case, sorted, without repeats. */
  signedHeaders: string[]
  /** 64 lower-case hexadecimal digits. */
  signature: string
}

export const algorithm = "AWS4-HMAC-SHA256"

/** Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`; the parts may come in any order. */
export function parseAuthorization(request: WireRequest): Authorization | SignatureProblem {
  const values = headerValues(request, "authorization")
  const text = values[0]
  if (text === undefined || text.trim() === "") return missing(request)
  if (values.length > 1) return problem("incomplete", "Send exactly one Authorization header.")
  const space = text.indexOf(" ")
  if (space < 0 || text.slice(0, space) !== algorithm) {
    return problem("incomplete", `Authorization header must begin with '${algorithm} '.`)
  }
  const parts = readParts(text.slice(space + 1))
  return parts instanceof Map ? fromParts(parts) : parts
}

/** Only what routing needs: the service named in the scope, whether or not the signature will hold. */
export function claimedService(request: WireRequest): string | undefined {
  const text = headerValues(request, "authorization")[0] ?? ""
  const credential = /Credential=([^,\s]+)/.exec(text)?.[1] ?? queryCredential(request)
  return credential?.split("/").at(-2)
}

/** Whether a request claims to be signed, well or not. */
export function isSigned(request: Pick<WireRequest, "headers" | "query">): boolean {
  const values = headerValues(request, "authorization")
  return (
    values.some((value) => value.startsWith("AWS4-")) ||
    /(?:^|&)X-Amz-(Algorithm|Signature|Credential)=/i.test(request.query)
  )
}

function queryCredential(request: WireRequest): string | undefined {
  const value = /(?:^|&)X-Amz-Credential=([^&]*)/i.exec(request.query)?.[1]
  return value?.replaceAll(/%2F/gi, "/")
}

function missing(request: WireRequest): SignatureProblem {
  if (/(?:^|&)X-Amz-(Algorithm|Signature|Credential)=/i.test(request.query)) {
    return problem("incomplete", "Presigned requests are not accepted: sign with the Authorization header.")
  }
  return problem("missing", "Request is missing Authentication Token: sign it with AWS Signature Version 4.")
}

function readParts(text: string): Map<string, string> | SignatureProblem {
  const parts = new Map<string, string>()
  for (const piece of text.split(",")) {
    const equals = piece.indexOf("=")
    const name = piece.slice(0, Math.max(equals, 0)).trim()
    if (equals < 0 || parts.has(name)) {
      return problem("incomplete", "Authorization header must be a list of distinct Name=Value parts.")
    }
    parts.set(name, piece.slice(equals + 1).trim())
  }
  return parts
}

function fromParts(parts: Map<string, string>): Authorization | SignatureProblem {
  const absent = ["Credential", "SignedHeaders", "Signature"].filter((name) => !parts.get(name))
  if (absent.length > 0) {
    const list = absent.map((name) => `'${name}'`).join(", ")
    return problem("incomplete", `Authorization header requires ${list} parameter(s).`)
  }
  const scope = parseScope(parts.get("Credential") ?? "")
  if (scope === undefined) {
    return problem(
      "incomplete",
      "Credential must have the form <key>/<YYYYMMDD>/<region>/<service>/aws4_request.",
    )
  }
  const signature = parts.get("Signature") ?? ""
  if (!/^[0-9a-f]{64}$/.test(signature)) {
    return problem("incomplete", "Signature must be 64 lower-case hexadecimal digits.")
  }
  const signedHeaders = (parts.get("SignedHeaders") ?? "").split(";")
  if (!isCanonicalList(signedHeaders)) {
    return problem("incomplete", "SignedHeaders must be lower-case, sorted and without repeats.")
  }
  return { scope, signedHeaders, signature }
}

function parseScope(credential: string): CredentialScope | undefined {
  const [accessKeyId, date, region, service, terminator, ...rest] = credential.split("/")
  if (!accessKeyId || !date || !region || !service || !terminator || rest.length > 0) return undefined
  return { accessKeyId, date, region, service, terminator }
}

function isCanonicalList(names: string[]): boolean {
  return names.every((name, at) => /^[!-9<-@[-~]+$/.test(name) && (at === 0 || (names[at - 1] ?? "") < name))
}
