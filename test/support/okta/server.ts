/** Okta and the cloud's STS, as far as the sign-in without a browser asks them: one server, over TLS, with an authority of its own. */
import { randomBytes } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import type { TestContext } from "node:test"
import { defaultConfiguration } from "../../../src/configuration/load.ts"
import { portCertificate } from "../../../src/configuration/secrets/port-certificate.ts"
import type { OktaOptions, OktaUser } from "../../../src/okta/sign-in.ts"
import { engines } from "../../../src/server/registries.ts"
import { escapeXml } from "../../../src/wire/aws-query/xml.ts"
import { removeFolder, temporaryFolder } from "../temporary-folder.ts"

/** What a SAML response says; every text can be another one. */
export interface Assertion {
  issuer: string
  audience: string
  /** Values of the role's attribute: a role and its provider. */
  roles: string[]
  databaseUser: string | undefined
  notOnOrAfter: string
  status: string
}

export type Answer = (response: ServerResponse, request: IncomingMessage) => void

export interface OktaStandIn {
  /** `127.0.0.1:port` */
  host: string
  user: OktaUser
  options: OktaOptions
  /** The keys that it gives out, and takes back as a credential. */
  keys: { accessKeyId: string; secretAccessKey: string; sessionToken: string }
  /** Everything that must never be told: password, tokens, assertion, keys. */
  secrets: string[]
  /** Paths asked for, with their methods; tokens left out. */
  asked: string[]
  assertion: Assertion
  /** Answers of a test's own, by path. */
  instead: Map<string, Answer>
}

const region = "eu-central-1"
const appName = "amazon_aws_redshift"
const applicationPath = (appId: string) => `/app/${appName}/${appId}/sso/saml`
export const grantedRole = "arn:aws:iam::123456789012:role/warehouse"
const provider = "arn:aws:iam::123456789012:saml-provider/okta"

export const paths = { authn: "/api/v1/authn", application: applicationPath("0oa1b2c3d4"), sts: "/" } as const

/** Who may sign in, where a test does not take the usual user; `role`: the ARN of the one that the application grants. */
export interface StandInUser {
  username: string
  password: string
  appId: string
  role: string
}

const usualUser = () => ({
  username: "loader@example.com",
  password: `p"w'd&${randomBytes(12).toString("hex")}`,
  appId: "0oa1b2c3d4",
  role: grantedRole,
})

export async function oktaStandIn(
  context: TestContext,
  who: StandInUser = usualUser(),
): Promise<OktaStandIn> {
  const dataDir = await temporaryFolder("okta")
  context.after(() => removeFolder(dataDir))
  const { cert, key } = await portCertificate({ ...defaultConfiguration(dataDir, engines), dataDir })
  const secret = () => randomBytes(12).toString("hex")
  const tokens = { session: `20111${secret()}`, cookie: secret() }
  const keys = { accessKeyId: "ASIAOKTA", secretAccessKey: `${secret()}/+=`, sessionToken: `${secret()}/+==` }
  const { password } = who
  const state = {
    asked: [] as string[],
    instead: new Map<string, Answer>(),
    assertion: goodAssertion(who.role),
    keys,
    secrets: [password, tokens.session, tokens.cookie, keys.secretAccessKey, keys.sessionToken],
  }
  const server = createServer({ cert, key }, async (request, response) => {
    const { pathname } = new URL(request.url ?? "", "https://host")
    state.asked.push(`${request.method} ${pathname}`)
    const own = state.instead.get(pathname)
    if (own !== undefined) return own(response, request)
    await answer({ request, response, ...state, tokens, who })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(state, {
    host,
    user: { ...who, idpHost: host },
    options: { region, stsEndpoint: `https://${host}/`, authorities: cert },
  })
}

function goodAssertion(role: string): Assertion {
  return {
    issuer: "http://www.okta.com/exk9zz",
    audience: "urn:amazon:webservices",
    roles: [`${provider},arn:aws:iam::123456789012:role/another`, `${provider},${role}`],
    databaseUser: "loader",
    notOnOrAfter: new Date(Date.now() + 300_000).toISOString(),
    status: "urn:oasis:names:tc:SAML:2.0:status:Success",
  }
}

interface Asked {
  request: IncomingMessage
  response: ServerResponse
  assertion: Assertion
  keys: OktaStandIn["keys"]
  tokens: { session: string; cookie: string }
  who: StandInUser
}

async function answer(asked: Asked): Promise<void> {
  const { request, response } = asked
  const { pathname, searchParams } = new URL(request.url ?? "", "https://host")
  const body = Buffer.concat(await request.toArray()).toString()
  const application = applicationPath(asked.who.appId)
  const isSession = request.headers.cookie?.includes(`sid=${asked.tokens.cookie}`) === true
  if (pathname === paths.authn) authenticate(asked, body)
  else if (pathname === application && searchParams.get("sessionToken") === asked.tokens.session) {
    // As Okta does: a session in a cookie first, then the page.
    response.setHeader("set-cookie", [
      `sid=${asked.tokens.cookie}; Path=/; Secure; HttpOnly`,
      "t=default; Path=/",
    ])
    response.writeHead(302, { location: application }).end()
  } else if (pathname === application && isSession) response.end(page(samlOf(asked.assertion)))
  else if (pathname === paths.sts && request.method === "POST") assume(asked, new URLSearchParams(body))
  else response.writeHead(403).end("<html>no</html>")
}

function authenticate({ response, tokens, who }: Asked, body: string): void {
  const given = JSON.parse(body) as { username: unknown; password: unknown }
  const isGood = given.username === who.username && given.password === who.password
  response.writeHead(isGood ? 200 : 401, { "content-type": "application/json" })
  response.end(
    JSON.stringify(
      isGood
        ? { status: "SUCCESS", sessionToken: tokens.session, expiresAt: "2030-01-01T00:00:00.000Z" }
        : { errorCode: "E0000004", errorSummary: `Authentication failed for ${given.password}` },
    ),
  )
}

/** In base64. */
export function samlOf({ issuer, audience, roles, databaseUser, notOnOrAfter, status }: Assertion): string {
  const attribute = (name: string, values: string[]) =>
    `<saml2:Attribute Name="${name}" NameFormat="urn:x"><!-- --><saml2:AttributeValue xmlns:xs="x" xsi:type='xs:string'>${values.map(escapeXml).join("</saml2:AttributeValue><saml2:AttributeValue>")}</saml2:AttributeValue></saml2:Attribute>`
  const redshift = "https://redshift.amazon.com/SAML/Attributes"
  const issued = `<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">${escapeXml(issuer)}</saml2:Issuer>`
  return Buffer.from(
    [
      `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response xmlns:saml2p="urn:p" Destination="https://signin.aws.amazon.com/saml" ID="id1">`,
      issued,
      `<saml2p:Status><saml2p:StatusCode Value="${status}"/></saml2p:Status>`,
      `<saml2:Assertion xmlns:saml2="urn:a" ID="id2">${issued}<ds:Signature><ds:SignatureValue>c2lnbmVk</ds:SignatureValue></ds:Signature>`,
      `<saml2:Conditions NotBefore="2020-01-01T00:00:00.000Z" NotOnOrAfter="${notOnOrAfter}"><saml2:AudienceRestriction><saml2:Audience>${audience}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>`,
      "<saml2:AttributeStatement>",
      attribute("https://aws.amazon.com/SAML/Attributes/Role", roles),
      attribute("https://aws.amazon.com/SAML/Attributes/RoleSessionName", ["loader@example.com"]),
      ...(databaseUser === undefined ? [] : [attribute(`${redshift}/DbUser`, [databaseUser])]),
      "</saml2:AttributeStatement></saml2:Assertion></saml2p:Response>",
    ].join("\n"),
  ).toString("base64")
}

/** Okta writes the characters of base64 that are not letters as references. */
export function page(saml: string): string {
  const written = saml.replaceAll("+", "&#x2b;").replaceAll("=", "&#x3d;")
  return `<!DOCTYPE html><html><body><form id="appForm" action="https&#x3a;&#x2f;&#x2f;signin.aws.amazon.com&#x2f;saml" method="POST">
    <input name="SAMLResponse" type="hidden" value="${written}"/>
    <input name="RelayState" type="hidden" value=""/></form></body></html>`
}

function assume({ response, assertion, keys, who }: Asked, parameters: URLSearchParams): void {
  const isGood =
    parameters.get("Action") === "AssumeRoleWithSAML" &&
    parameters.get("Version") === "2011-06-15" &&
    parameters.get("RoleArn") === who.role &&
    parameters.get("PrincipalArn") === provider &&
    parameters.get("SAMLAssertion") === samlOf(assertion)
  response.writeHead(isGood ? 200 : 403, { "content-type": "text/xml" })
  response.end(
    isGood
      ? `<AssumeRoleWithSAMLResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithSAMLResult><Issuer>${assertion.issuer}</Issuer><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/warehouse/loader</Arn><AssumedRoleId>ARO:loader</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>${keys.accessKeyId}</AccessKeyId><SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey><SessionToken>${keys.sessionToken}</SessionToken><Expiration>2030-01-01T01:00:00Z</Expiration></Credentials></AssumeRoleWithSAMLResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleWithSAMLResponse>`
      : "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized</Message></Error></ErrorResponse>",
  )
}
