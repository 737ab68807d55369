/** Temporary passwords, each from a local server that speaks the cloud's protocol and checks the signature; and the TLS behind them. */
import assert from "node:assert/strict"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { type TestContext, test } from "node:test"
import { Sha256 } from "@aws-crypto/sha256-js"
import { SignatureV4 } from "@smithy/signature-v4"
import { defaultConfiguration } from "../../../src/configuration/load.ts"
import { sqlCertificate } from "../../../src/configuration/secrets/sql-certificate.ts"
import { engines } from "../../../src/server/registries.ts"
import { configuredAddress } from "../../../src/warehouses/redshift/connection/address.ts"
import { connect } from "../../../src/warehouses/redshift/connection/client.ts"
import { type SignIn, temporaryLogin } from "../../../src/warehouses/redshift/connection/sign-in.ts"
import type { AccessKeys } from "../../../src/warehouses/redshift/connection/signed-request.ts"
import { password, testWarehouse } from "../../sql-port/warehouse.ts"
import { oktaStandIn } from "../../support/okta/server.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"

const region = "eu-central-1"
const keys = { accessKeyId: "AKIDSIGNIN", secretAccessKey: "sEcReT/+key" }

interface Asked {
  /** Of the query, or of the JSON. */
  parameters: Record<string, unknown>
  headers: IncomingMessage["headers"]
}

interface Service {
  endpoint: string
  asked: Asked[]
}

/** As the cloud's own signer signs the same headers at the same moment; a token of temporary keys is among them. */
async function hasSignatureOf(taken: AccessKeys, { headers, method, url }: IncomingMessage, body: Buffer) {
  const [, service = "", names = ""] =
    /\/([\w-]+)\/aws4_request, SignedHeaders=([^,]+)/.exec(headers.authorization ?? "") ?? []
  const sent = Object.fromEntries(names.split(";").map((name) => [name, String(headers[name])]))
  const { "x-amz-date": stamp = "", "x-amz-security-token": _, ...signedHeaders } = sent
  const signer = new SignatureV4({
    service,
    region,
    credentials: taken,
    sha256: Sha256,
    applyChecksum: false,
  })
  const [year, month, day, hour, minute, second] = stamp.match(/\d\d/g)?.slice(1) ?? []
  const expected = await signer.sign(
    { method: method ?? "", protocol: "http:", hostname: "", path: url ?? "", headers: signedHeaders, body },
    { signingDate: new Date(`20${year}-${month}-${day}T${hour}:${minute}:${second}Z`) },
  )
  return expected.headers.authorization === headers.authorization
}

/** GetClusterCredentials of `redshift` and GetCredentials of `redshift-serverless`; refuses a wrong signature as they do. */
async function service(
  context: TestContext,
  login: { user: string; password: string },
  keysTaken: AccessKeys = keys,
): Promise<Service> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const isVerified = await hasSignatureOf(keysTaken, request, body)
    const isJson = request.headers["content-type"] === "application/x-amz-json-1.1"
    const parameters = isJson
      ? (JSON.parse(body.toString()) as Record<string, unknown>)
      : Object.fromEntries(new URLSearchParams(body.toString()))
    asked.push({ parameters, headers: request.headers })
    response.statusCode = isVerified ? 200 : 403
    response.end(isVerified ? granted(isJson ? "json" : "xml", login) : refused(isJson))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  context.after(() => server.close())
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const inXml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("'", "&#39;")

function granted(
  form: "json" | "xml",
  { user, password: secret }: { user: string; password: string },
): string {
  if (form === "json")
    return JSON.stringify({ dbUser: user, dbPassword: secret, expiration: Date.now() / 1_000 + 3_600 })
  return `<GetClusterCredentialsResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><GetClusterCredentialsResult><DbUser>${inXml(user)}</DbUser><DbPassword>${inXml(secret)}</DbPassword><Expiration>2026-11-30T12:00:00Z</Expiration></GetClusterCredentialsResult></GetClusterCredentialsResponse>`
}

function refused(isJson: boolean): string {
  return isJson
    ? JSON.stringify({ __type: "com.amazon#AccessDeniedException", message: "no" })
    : "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
}

const kinds = {
  cluster: { kind: "cluster", cluster: "reports", user: "loader" },
  serverless: { kind: "serverless", workgroup: "main" },
} as const

const wanted = {
  cluster: {
    Action: "GetClusterCredentials",
    Version: "2012-12-01",
    ClusterIdentifier: "reports",
    DbUser: "loader",
    DbName: "dev",
    DurationSeconds: "3600",
    AutoCreate: "false",
  },
  serverless: { workgroupName: "main", dbName: "dev", durationSeconds: 3600 },
} as const

const login = { user: "IAM:loader", password: "a&b<c'd" }

for (const kind of ["cluster", "serverless"] as const) {
  test(`a temporary password of a ${kind} is asked for once an hour, signed`, async (context) => {
    const { endpoint, asked } = await service(context, login)
    const signIn: SignIn = { ...kinds[kind], region, endpoint, keys: { kind: "keys", keys } }
    const signedIn = temporaryLogin(signIn, "dev")
    assert.deepEqual(await Promise.all([signedIn(), signedIn()]), [login, login])
    assert.deepEqual(
      asked.map(({ parameters }) => parameters),
      [wanted[kind]],
    )
    assert.equal(
      asked[0]?.headers["x-amz-target"],
      kind === "cluster" ? undefined : "RedshiftServerless.GetCredentials",
    )
  })

  test(`a ${kind} that gives none is told of, without a secret, and asked again`, async (context) => {
    const { endpoint, asked } = await service(context, login)
    const signedIn = temporaryLogin(
      {
        ...kinds[kind],
        region,
        endpoint,
        keys: { kind: "keys", keys: { ...keys, secretAccessKey: "another" } },
      },
      "dev",
    )
    for (const _ of [1, 2])
      await assert.rejects(signedIn(), /temporary password was not given: AccessDenied(Exception)?\.$/)
    assert.equal(asked.length, 2)
  })
}

test("a token of temporary keys is sent and signed", async (context) => {
  const withToken = { ...keys, sessionToken: "token/+=" }
  const { endpoint, asked } = await service(context, login, withToken)
  const signedIn = temporaryLogin(
    { ...kinds.serverless, region, endpoint, keys: { kind: "keys", keys: withToken } },
    "dev",
  )
  assert.deepEqual(await signedIn(), login)
  assert.equal(asked[0]?.headers["x-amz-security-token"], withToken.sessionToken)
  assert.match(asked[0]?.headers.authorization ?? "", /SignedHeaders=[^,]*x-amz-security-token/)
})

for (const kind of ["cluster", "serverless"] as const)
  test(`a user of Okta gets the temporary password of a ${kind} with the keys of the role`, async (context) => {
    const okta = await oktaStandIn(context)
    const { endpoint, asked } = await service(context, login, okta.keys)
    const { user: _, ...configured } = { user: undefined, ...kinds[kind] }
    const signIn: SignIn = { ...configured, region, endpoint, keys: { kind: "okta", ...okta } }
    const signedIn = temporaryLogin(signIn, "dev")
    assert.deepEqual(await Promise.all([signedIn(), signedIn()]), [login, login])
    assert.deepEqual(
      asked.map(({ parameters }) => parameters),
      // The user of the database is the one that Okta's application names.
      [wanted[kind]],
    )
    assert.equal(okta.asked.length, 4)
  })

test("a password that Okta refused is not sent again for the next session", async (context) => {
  const okta = await oktaStandIn(context)
  const { endpoint } = await service(context, login, okta.keys)
  okta.user.password = "wrong"
  const signedIn = temporaryLogin(
    { ...kinds.cluster, region, endpoint, keys: { kind: "okta", ...okta } },
    "dev",
  )
  for (const _ of [1, 2])
    await assert.rejects(signedIn(), {
      name: "Problem",
      kind: "warehouseUnavailable",
      message:
        "The warehouse's temporary password was not given: Okta's primary authentication refused the user name or the password (E0000004).",
    })
  assert.equal(okta.asked.length, 1)
})

test("a session signs in by it, and never to a server whose certificate nobody vouches for", async (context) => {
  const dataDir = await temporaryFolder("redshift-tls")
  context.after(() => removeFolder(dataDir))
  const certificate = await sqlCertificate({ ...defaultConfiguration(dataDir, engines), dataDir })
  const { port } = await testWarehouse(context, { tls: { ...certificate, unencrypted: "loopback" } })
  const { endpoint } = await service(context, { user: "admin", password })
  const signIn: SignIn = { ...kinds.serverless, region, endpoint, keys: { kind: "keys", keys } }
  const url = `postgres://127.0.0.1:${port.port}/dev`
  const session = await connect(configuredAddress({ url: `${url}?sslmode=disable`, signIn }))
  assert.deepEqual(await session.rows("SELECT current_user"), [["admin"]])
  await session.close()
  const verified = configuredAddress({ url, signIn })
  await assert.rejects(connect(verified), /certificate/)
  const known = await connect({ ...verified, tls: { authorities: certificate.cert.toString() } })
  assert.deepEqual(await known.rows("SELECT current_user"), [["admin"]])
  await known.close()
  assert.throws(() => configuredAddress({ url: `${url}?sslmode=no-verify`, signIn }), /always verified/)
  assert.throws(
    () => configuredAddress({ url: "postgres://warehouse.example/dev?sslmode=disable", signIn }),
    /of this host only/,
  )
})
