/** The sign-in by Okta against a server that speaks its protocol and STS's, over TLS with an authority of its own. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { inspect } from "node:util"
import { OktaFailure } from "../../src/okta/failure.ts"
import { signInByOkta } from "../../src/okta/sign-in.ts"
import {
  type Assertion,
  grantedRole,
  type OktaStandIn,
  oktaStandIn,
  page,
  paths,
  samlOf,
} from "../support/okta/server.ts"

const wholeExchange = [
  `POST ${paths.authn}`,
  `GET ${paths.application}`,
  `GET ${paths.application}`,
  `POST ${paths.sts}`,
]

/** The failure of a sign-in, after a look for secrets in all that it holds. */
async function failureAt({ user, options, secrets, assertion }: OktaStandIn): Promise<OktaFailure> {
  const error: unknown = await signInByOkta(user, options).then(
    () => assert.fail("it signed in"),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof OktaFailure, inspect(error))
  const told = inspect(error, { depth: 10, showHidden: true }) + error.stack
  for (const secret of [...secrets, samlOf(assertion)]) assert.ok(!told.includes(secret), "a secret is told")
  return error
}

async function refusedWith(context: TestContext, changed: Partial<Assertion>): Promise<OktaFailure> {
  const okta = await oktaStandIn(context)
  Object.assign(okta.assertion, changed)
  const failure = await failureAt(okta)
  assert.ok(!okta.asked.includes(`POST ${paths.sts}`), "the cloud was asked all the same")
  assert.deepEqual([failure.stage, failure.reason], ["assertion", "refused"])
  return failure
}

test("a user of Okta gets the keys of the role, in the order of the documented exchange", async (context) => {
  const okta = await oktaStandIn(context)
  assert.deepEqual(await signInByOkta(okta.user, okta.options), {
    keys: okta.keys,
    expiresAt: new Date("2030-01-01T01:00:00Z"),
    databaseUser: "loader",
  })
  assert.deepEqual(okta.asked, wholeExchange)
})

test("a role is found by its name, unless the user has two of that name", async (context) => {
  const okta = await oktaStandIn(context)
  const user = { ...okta.user, role: "warehouse" }
  assert.deepEqual((await signInByOkta(user, okta.options)).keys, okta.keys)
  for (const role of ["ware", "arn:aws:iam::123456789012:role", "WAREHOUSE", "another/warehouse"])
    assert.match((await failureAt({ ...okta, user: { ...user, role } })).message, /does not grant the role/)
  okta.assertion.roles.push(
    "arn:aws:iam::123456789012:saml-provider/okta,arn:aws:iam::210987654321:role/warehouse",
  )
  assert.match(
    (await failureAt({ ...okta, user })).message,
    /grants several roles warehouse: name the role by/,
  )
})

test("the user of the database is the session's name where the application says no other", async (context) => {
  const okta = await oktaStandIn(context)
  okta.assertion.databaseUser = undefined
  const { databaseUser } = await signInByOkta(okta.user, okta.options)
  assert.equal(databaseUser, "loader@example.com")
})

test("a server whose certificate nobody vouches for gets no password", async (context) => {
  const okta = await oktaStandIn(context)
  const { authorities: _, ...unknown } = okta.options
  const failure = await failureAt({ ...okta, options: unknown })
  assert.match(
    failure.message,
    /did not answer \(127\.0\.0\.1:\d+: (DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY\w+)\)/,
  )
  assert.deepEqual(okta.asked, [])
})

test("a wrong password is refused, and said to be", async (context) => {
  const okta = await oktaStandIn(context)
  okta.user.password = "another secret"
  okta.secrets.push("another secret")
  const failure = await failureAt(okta)
  assert.deepEqual([failure.stage, failure.reason], ["authentication", "refused"])
  assert.match(failure.message, /refused the user name or the password \(E0000004\)\.$/)
})

for (const [status, text, reason] of [
  [
    200,
    '{"status":"MFA_REQUIRED","stateToken":"s"}',
    /second factor: exclude this user from it \(MFA_REQUIRED\)/,
  ],
  [200, '{"status":"LOCKED_OUT"}', /locked out/],
  [200, '{"status":"SUCCESS"}', /without a session/],
  [200, "<html>a page</html>", /without a session \(HTTP 200\)/],
  [429, '{"errorCode":"E0000047"}', /no more calls for now/],
  [500, '{"errorCode":"<script>"}', /without a session \(HTTP 500\)/],
] as const)
  test(`primary authentication that answers ${status} ${text.slice(0, 40)} gives no session`, async (context) => {
    const okta = await oktaStandIn(context)
    okta.instead.set(paths.authn, (response) => response.writeHead(status).end(text))
    const failure = await failureAt(okta)
    assert.equal(failure.stage, "authentication")
    assert.match(failure.message, reason)
  })

test("a SAML response of another issuer is refused", async (context) => {
  for (const issuer of ["https://idp.example.com/saml", "http://www.okta.com.example.com/exk9zz", ""]) {
    const failure = await refusedWith(context, { issuer })
    assert.match(failure.message, /comes from another issuer than Okta's application at 127\.0\.0\.1:\d+\.$/)
  }
  const okta = await oktaStandIn(context)
  const failure = await failureAt({ ...okta, user: { ...okta.user, issuer: "http://www.okta.com/exkOurs" } })
  assert.match(failure.message, /another issuer than http:\/\/www\.okta\.com\/exkOurs\.$/)
})

test("a SAML response without the role is refused, and the role named", async (context) => {
  const provider = "arn:aws:iam::123456789012:saml-provider/okta"
  for (const roles of [[`${provider},${grantedRole}s`], [grantedRole], [""]]) {
    const failure = await refusedWith(context, { roles })
    assert.match(
      failure.message,
      /does not grant the role arn:aws:iam::123456789012:role\/warehouse: assign it/,
    )
  }
})

test("a SAML response for somebody else, out of its time, or of a sign-in that failed is refused", async (context) => {
  const cases: [Partial<Assertion>, RegExp][] = [
    [{ audience: "urn:amazon:webservices.example.com" }, /not meant for the cloud/],
    [{ notOnOrAfter: new Date(Date.now() - 3_600_000).toISOString() }, /does not hold any more/],
    [{ notOnOrAfter: "soon" }, /does not hold any more/],
    [{ status: "urn:oasis:names:tc:SAML:2.0:status:Responder" }, /did not succeed/],
  ]
  for (const [changed, reason] of cases) assert.match((await refusedWith(context, changed)).message, reason)
})

test("a page without a SAML response, or with one that is none, is refused", async (context) => {
  const okta = await oktaStandIn(context)
  const base64 = (text: string) => Buffer.from(text).toString("base64")
  const whole = Buffer.from(samlOf(okta.assertion), "base64").toString()
  const twice = whole.replace(/<saml2:Assertion[\s\S]*<\/saml2:Assertion>/, (one) => one + one)
  const cases: [string, RegExp][] = [
    [
      "<html>Sign in <input name='other' value='x'></html>",
      /was not in the page of application amazon_aws_redshift/,
    ],
    [page("not base64 %"), /is not a SAML response/],
    [page(base64('<!DOCTYPE a [<!ENTITY b "c">]><Response>&b;</Response>')), /is not a SAML response/],
    [page(base64("<a>".repeat(100_000))), /is longer than/],
    [page(base64("<a>".repeat(10_000))), /is not a SAML response/],
    [page(base64(twice)), /must hold one assertion/],
  ]
  for (const [html, reason] of cases) {
    okta.instead.set(paths.application, (response) => response.end(html))
    assert.match((await failureAt(okta)).message, reason)
  }
})

test("redirects are followed on the same host only, and not for ever", async (context) => {
  const okta = await oktaStandIn(context)
  for (const location of [
    "https://example.com/steal",
    "http://127.0.0.1/",
    `http://${okta.host}/`,
    "https://",
  ]) {
    okta.instead.set(paths.application, (response) => response.writeHead(302, { location }).end())
    assert.match(
      (await failureAt(okta)).message,
      /from another host than 127\.0\.0\.1:\d+: the redirect was not followed/,
    )
  }
  const before = okta.asked.length
  okta.instead.set(paths.application, (response) =>
    response.writeHead(302, { location: paths.application }).end(),
  )
  assert.match((await failureAt(okta)).message, /was not reached in 5 redirects/)
  assert.equal(okta.asked.length - before, 7)
})

test("an answer that never ends is cut: by its size, and by the time of the whole exchange", async (context) => {
  const okta = await oktaStandIn(context)
  okta.instead.set(paths.authn, (response) => {
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    }
    response.on("drain", more)
    more()
  })
  assert.match((await failureAt(okta)).message, /more than 1048576 bytes/)
  okta.instead.set(paths.authn, (response) => void response.write("{"))
  const failure = await failureAt({ ...okta, options: { ...okta.options, limitMs: 100 } })
  assert.match(failure.message, /the time for the sign-in is over/)
  assert.equal(failure.reason, "unavailable")
})

test("STS that gives no keys is told of by its code", async (context) => {
  const okta = await oktaStandIn(context)
  const cases: [number, string, string, RegExp][] = [
    [
      403,
      "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
      "refused",
      /: AccessDenied\.$/,
    ],
    [503, "busy", "unavailable", /: HTTP 503\.$/],
    [200, "<AssumeRoleWithSAMLResponse/>", "unavailable", /without keys/],
  ]
  for (const [status, text, reason, message] of cases) {
    okta.instead.set(paths.sts, (response) => response.writeHead(status).end(text))
    const failure = await failureAt(okta)
    assert.deepEqual([failure.stage, failure.reason], ["role", reason])
    assert.match(failure.message, message)
  }
})

test("a host that is no bare host is asked nothing", async (context) => {
  const okta = await oktaStandIn(context)
  for (const idpHost of ["user@example.com", "example.com/path", "https://example.com", ""]) {
    const failure = await failureAt({ ...okta, user: { ...okta.user, idpHost } })
    assert.match(failure.message, /needs a bare host/)
  }
  const plain = await failureAt({
    ...okta,
    options: { ...okta.options, stsEndpoint: `http://${okta.host}/` },
  })
  assert.match(plain.message, /over https only/)
})
