import { askWithin, type Bounds } from "./bounded-request.ts"
import { OktaFailure } from "./failure.ts"
import type { Grant } from "./saml-response.ts"
import { readXml, textOf } from "./xml.ts"

/** Temporary keys of a role. */
export interface RoleKeys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
}

export interface AssumedRole {
  keys: RoleKeys
  expiresAt: Date
}

/** The shortest that a role may allow at most. */
const lifetimeSeconds = 3_600

/** Codes that pass; of all others a repetition says the same. (Source: the service's model and AWS's common errors.) */
const passing = new Set([
  "Throttling",
  "ThrottlingException",
  "ServiceUnavailable",
  "InternalFailure",
  "RequestLimitExceeded",
])

/**
 * Temporary keys for a SAML response (base64). The call is not signed: the response is its credential.
 * (Source: the service's model, sts 2011-06-15, AssumeRoleWithSAML.)
 * @throws OktaFailure
 */
export async function assumeRole(
  bounds: Bounds,
  endpoint: URL,
  { role, provider }: Grant,
  assertion: string,
): Promise<AssumedRole> {
  const { status, text } = await askWithin(bounds, "role", {
    url: endpoint,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: new URLSearchParams({
      Action: "AssumeRoleWithSAML",
      Version: "2011-06-15",
      RoleArn: role,
      PrincipalArn: provider,
      SAMLAssertion: assertion,
      DurationSeconds: String(lifetimeSeconds),
    }).toString(),
  })
  const answer = readXml(text)
  if (status === 200) return assumedFrom(answer)
  const code = textOf(answer, "Code")
  const isNamed = code !== undefined && /^[A-Za-z.]{1,64}$/.test(code)
  const isPassing = isNamed ? passing.has(code) : status >= 500 || status === 429
  throw new OktaFailure(
    "role",
    isPassing ? "unavailable" : "refused",
    `gave no keys for the role ${role}: ${isNamed ? code : `HTTP ${status}`}.`,
  )
}

function assumedFrom(answer: ReturnType<typeof readXml>): AssumedRole {
  const [accessKeyId, secretAccessKey, sessionToken] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(
    (name) => textOf(answer, name),
  )
  const expiresAt = new Date(textOf(answer, "Expiration") ?? "")
  if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiresAt.getTime()))
    throw new OktaFailure("role", "unavailable", "answered without keys.")
  return { keys: { accessKeyId, secretAccessKey, sessionToken }, expiresAt }
}
