import type { WireResponse } from "../../../wire/http/message.ts"

const prefix = "/scim/v2/"
const mediaType = "application/scim+json; charset=utf-8"

/** The refusal of a directory's request. (Fact: RFC 7644, section 3.12.) */
export function scimError(status: number, detail: string): object {
  const scimType = status === 409 ? "uniqueness" : status === 400 ? "invalidValue" : undefined
  return {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
    status: String(status),
    ...(scimType !== undefined && { scimType }),
    detail,
  }
}

/** Answers below `/scim/v2` have the media type and the refusals of that protocol, beside the members of this API's own refusals. */
export function asScim(path: string, response: WireResponse): WireResponse {
  if (!path.startsWith(prefix) || typeof response.body !== "string" || response.body === "") return response
  const headers = { ...response.headers, "content-type": mediaType }
  if (response.status < 400) return { ...response, headers }
  const envelope = JSON.parse(response.body) as { message: string }
  const body = JSON.stringify({ ...scimError(response.status, envelope.message), ...envelope })
  return { ...response, headers, body }
}
