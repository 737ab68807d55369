import { askWithin, type Bounds } from "./bounded-request.ts"
import { OktaFailure } from "./failure.ts"

/** Okta's answer is JSON with a state of the sign-in. (Source: Okta's "Authentication API", primary authentication.) */
interface Authentication {
  status?: unknown
  sessionToken?: unknown
  errorCode?: unknown
}

const what: ReadonlyMap<string, string> = new Map([
  ["MFA_REQUIRED", "asks for a second factor: exclude this user from it"],
  ["MFA_ENROLL", "asks the user to set up a second factor: exclude this user from it"],
  ["PASSWORD_EXPIRED", "says that the password has expired"],
  ["LOCKED_OUT", "says that the user is locked out"],
  ["E0000004", "refused the user name or the password"],
  ["E0000047", "allows no more calls for now"],
])

/** Codes of errors that pass: too many calls, Okta's own failure. */
const passing = new Set(["E0000047", "E0000009"])

/**
 * The one-time token that stands for the user's session.
 * @throws OktaFailure `refused` for credentials that do not suffice alone
 */
export async function sessionToken(
  bounds: Bounds,
  { idpHost, username, password }: { idpHost: string; username: string; password: string },
): Promise<string> {
  const { status, text } = await askWithin(bounds, "authentication", {
    url: new URL(`https://${idpHost}/api/v1/authn`),
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  })
  const said = readJson(text)
  if (
    status === 200 &&
    said?.status === "SUCCESS" &&
    typeof said.sessionToken === "string" &&
    said.sessionToken !== ""
  )
    return said.sessionToken
  const code = knownForm(status === 200 ? said?.status : said?.errorCode)
  const isPassing = code === undefined ? status >= 500 || status === 200 : passing.has(code)
  throw new OktaFailure("authentication", isPassing ? "unavailable" : "refused", `${told(code, status)}.`)
}

function told(code: string | undefined, status: number): string {
  if (code === undefined || code === "SUCCESS") return `answered without a session (HTTP ${status})`
  return `${what.get(code) ?? "gave no session"} (${code})`
}

function readJson(text: string): Authentication | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** A state or an error code; whatever else a server says there is not repeated. */
function knownForm(value: unknown): string | undefined {
  return typeof value === "string" && /^(?:[A-Z_]{1,40}|E\d{7})$/.test(value) ? value : undefined
}
