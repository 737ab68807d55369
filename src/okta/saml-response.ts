import { OktaFailure } from "./failure.ts"
import { type Element, elementsNamed, readXml } from "./xml.ts"

/** What a SAML response grants. */
export interface Grant {
  /** The role's ARN. */
  role: string
  /** The ARN of the identity provider that the role trusts. */
  provider: string
  /** The user of the database, where the application says one. */
  databaseUser: string | undefined
}

export interface Expected {
  /** An ARN, or a name. */
  role: string
  /** Absent: one of Okta's own form, or of `idpHost`. */
  issuer: string | undefined
  idpHost: string
  /** Milliseconds since 1970. */
  nowMs: number
}

/** Of STS; its parameter takes 4 to 100,000 characters. (Source: the service's model, AssumeRoleWithSAML.) */
const longestAssertion = 100_000
/** Clocks of hosts differ so much. */
const skewMs = 300_000

const attributeNames = {
  role: "https://aws.amazon.com/SAML/Attributes/Role",
  session: "https://aws.amazon.com/SAML/Attributes/RoleSessionName",
  databaseUser: "https://redshift.amazon.com/SAML/Attributes/DbUser",
}

/** Both forms address the cloud, or a part of it; the second is that of a browser's sign-in. (Source: AWS's documentation, "Configure SAML assertions".) */
const audience =
  /^(?:urn:amazon:webservices(?::[a-z0-9-]+)?|https:\/\/(?:[a-z0-9-]+\.)?signin\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)\/saml)$/
const success = "urn:oasis:names:tc:SAML:2.0:status:Success"

/**
 * Judges a SAML response (base64): who issued it, for whom, until when, and whether it grants the role. Its signature is checked by
 * the cloud, which has the issuer's key.
 * @throws OktaFailure `refused`
 */
export function grantIn(response: string, expected: Expected): Grant {
  if (response.length > longestAssertion) throw refused(`is longer than ${longestAssertion} characters.`)
  const root = readXml(Buffer.from(response, "base64").toString("utf8"))
  if (root?.name !== "Response") throw refused("is not a SAML response.")
  const status = elementsNamed(root, "StatusCode")[0]?.attributes.get("Value")
  if (status !== success) throw refused("says that the sign-in did not succeed.")
  const [assertion, second] = elementsNamed(root, "Assertion")
  if (assertion === undefined || second !== undefined)
    throw refused("must hold one assertion, not encrypted.")
  judgeIssuer(root, expected)
  judgeConditions(assertion, expected.nowMs)
  const user =
    valuesOf(assertion, attributeNames.databaseUser)[0] ?? valuesOf(assertion, attributeNames.session)[0]
  return { ...roleIn(assertion, expected.role), databaseUser: user === "" ? undefined : user }
}

/** Response and assertion each say theirs; both must be the one. */
function judgeIssuer(root: Element, { issuer, idpHost }: Expected): void {
  const issuers = elementsNamed(root, "Issuer").map(({ text }) => text.trim())
  const isGood = (found: string) => (issuer === undefined ? isOktas(found, idpHost) : found === issuer)
  if (issuers.length === 0 || !issuers.every(isGood))
    throw refused(`comes from another issuer than ${issuer ?? `Okta's application at ${idpHost}`}.`)
}

/** `http://www.okta.com/<key of the application>`, or a URL of the organization's own host. */
function isOktas(issuer: string, idpHost: string): boolean {
  if (/^https?:\/\/www\.okta\.com\/[A-Za-z0-9]+$/.test(issuer)) return true
  return URL.canParse(issuer) && new URL(issuer).host === idpHost.toLowerCase()
}

function judgeConditions(assertion: Element, nowMs: number): void {
  const said = elementsNamed(assertion, "Audience").map(({ text }) => text.trim())
  if (!said.some((one) => audience.test(one)))
    throw refused("is not meant for the cloud (its audience is another).")
  for (const { attributes } of elementsNamed(assertion, "Conditions")) {
    const [from, until] = [attributes.get("NotBefore"), attributes.get("NotOnOrAfter")]
    if (from !== undefined && !(Date.parse(from) <= nowMs + skewMs))
      throw refused("does not hold yet: do the clocks differ?")
    if (until !== undefined && !(Date.parse(until) > nowMs - skewMs))
      throw refused("does not hold any more: do the clocks differ?")
  }
}

const providerArn = /^arn:aws[a-z-]*:iam::\d{12}:saml-provider\/[\w.-]{1,128}$/
const roleArn = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/

/**
 * A value of the role's attribute is a role and its provider, in either order, with a comma between.
 * @param wanted an ARN, or the role's name, which stands for the one role of that name
 */
function roleIn(assertion: Element, wanted: string): Pick<Grant, "role" | "provider"> {
  const granted = new Map<string, string>()
  for (const value of valuesOf(assertion, attributeNames.role)) {
    const arns = value.split(",").map((arn) => arn.trim())
    const [provider, role] = [providerArn, roleArn].map((form) => arns.find((arn) => form.test(arn)))
    if (provider !== undefined && role !== undefined && (role === wanted || role.endsWith(`/${wanted}`)))
      granted.set(role, provider)
  }
  const [found, second] = granted
  if (found === undefined)
    throw refused(`does not grant the role ${wanted}: assign it to the user in Okta's application.`)
  if (second !== undefined) throw refused(`grants several roles ${wanted}: name the role by its ARN.`)
  const [role, provider] = found
  return { role, provider }
}

function valuesOf(assertion: Element, name: string): string[] {
  return elementsNamed(assertion, "Attribute")
    .filter(({ attributes }) => attributes.get("Name") === name)
    .flatMap((attribute) => elementsNamed(attribute, "AttributeValue").map(({ text }) => text.trim()))
}

function refused(what: string): OktaFailure {
  return new OktaFailure("assertion", "refused", what)
}
