import { type Answer, askWithin, type Bounds } from "./bounded-request.ts"
import { OktaFailure } from "./failure.ts"
import { plainText } from "./xml.ts"

export interface Application {
  idpHost: string
  /** As Okta's catalog of applications names its kind: `amazon_aws_redshift`. */
  appName: string
  appId: string
}

const mostRedirects = 5

/**
 * The SAML response, in base64, of the page by which an application signs a browser in: a form that posts it to the cloud.
 * (Source: Okta's guide to session cookies, "visit an application embed link with the session token".)
 * @throws OktaFailure
 */
export async function samlResponse(
  bounds: Bounds,
  { idpHost, appName, appId }: Application,
  token: string,
): Promise<string> {
  const path = `/app/${encodeURIComponent(appName)}/${encodeURIComponent(appId)}/sso/saml`
  const first = new URL(`https://${idpHost}${path}`)
  first.searchParams.set("sessionToken", token)
  const { status, text } = await followed(bounds, first)
  if (status !== 200)
    throw new OktaFailure("assertion", reasonOf(status), `was not given (HTTP ${status}${hintOf(status)}).`)
  const found = fieldOf(text, "SAMLResponse")
  if (found === undefined)
    throw new OktaFailure(
      "assertion",
      "refused",
      `was not in the page of application ${appName}: is the user assigned to it?`,
    )
  return found
}

const reasonOf = (status: number) => (status >= 500 || status === 429 ? "unavailable" : "refused")
const hintOf = (status: number) =>
  status === 403 || status === 404 ? ": no such application, or the user is not assigned to it" : ""

/** The page where the redirects end, with the cookies that came on the way. */
async function followed(bounds: Bounds, first: URL): Promise<Answer> {
  const cookies = new Map<string, string>()
  let url = first
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ")
    const headers = { accept: "text/html", ...(cookie !== "" && { cookie }) }
    const answer = await askWithin(bounds, "assertion", { url, method: "GET", headers })
    const { location } = answer.headers
    if (answer.status < 300 || answer.status > 399 || location === undefined) return answer
    for (const [name, value] of cookiesOf(answer)) cookies.set(name, value)
    url = nextUrl(url, location)
  }
  throw new OktaFailure("assertion", "unavailable", `was not reached in ${mostRedirects} redirects.`)
}

/** The session and its token go to the host that gave them, and nowhere else. */
function nextUrl(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (next?.origin !== from.origin)
    throw new OktaFailure(
      "assertion",
      "refused",
      `was to come from another host than ${from.host}: the redirect was not followed.`,
    )
  return next
}

function cookiesOf({ headers }: Answer): [string, string][] {
  return (headers["set-cookie"] ?? []).flatMap((line): [string, string][] => {
    const [, name, value] = /^\s*([^=;\s]+)=([^;]*)/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name, value.trim()]]
  })
}

/** The value of a form's hidden field. */
function fieldOf(html: string, name: string): string | undefined {
  for (const [tag] of html.matchAll(/<input\b(?:[^>"']|"[^"]*"|'[^']*')*>/gi))
    if (attributeOf(tag, "name") === name) return attributeOf(tag, "value")
  return undefined
}

function attributeOf(tag: string, name: string): string | undefined {
  for (const [, key = "", double, single] of tag.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
    if (key.toLowerCase() === name) return plainText(double ?? single ?? "")
  return undefined
}
