import { createHash } from "node:crypto"
import { headersByName, type WireRequest } from "../http/message.ts"

export function sha256Hex(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex")
}

/** Percent-encodes all but the unreserved characters of RFC 3986. Throws URIError on a lone surrogate. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/**
 * The canonical request of Signature Version 4. The path, encoded already, is encoded once more. Dot segments and
 * double slashes are not folded away: a path that would be routed otherwise than signed must not verify.
 * Returns `undefined` when the query is not decodable.
 */
export function canonicalRequest(
  request: WireRequest,
  signedHeaders: readonly string[],
  payloadHash: string,
): string | undefined {
  const query = canonicalQuery(request.query)
  if (query === undefined) return undefined
  const path = uriEncode(request.path).replaceAll("%2F", "/")
  const byName = headersByName(request)
  const headers = signedHeaders.map((name) => `${name}:${canonicalHeader(byName.get(name) ?? [])}\n`).join("")
  return [request.method, path, query, headers, signedHeaders.join(";"), payloadHash].join("\n")
}

/** Sorted by encoded name, then value; repeats kept. A `+` means a space here as in the form it is read as later. */
export function canonicalQuery(query: string): string | undefined {
  if (query === "") return ""
  try {
    return query
      .split("&")
      .filter((pair) => pair !== "")
      .map(encodedPair)
      .sort(comparePairs)
      .map(([name, value]) => `${name}=${value}`)
      .join("&")
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function encodedPair(pair: string): [string, string] {
  const equals = pair.indexOf("=")
  const name = equals < 0 ? pair : pair.slice(0, equals)
  const value = equals < 0 ? "" : pair.slice(equals + 1)
  return [reencode(name), reencode(value)]
}

function reencode(text: string): string {
  return uriEncode(decodeURIComponent(text.replaceAll("+", " ")))
}

function comparePairs(a: [string, string], b: [string, string]): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1
  return 0
}

function canonicalHeader(values: readonly string[]): string {
  return values.map((value) => value.trim().replaceAll(/\s+/g, " ")).join(",")
}
