/** Temporary passwords, each from a local server that speaks the cloud's protocol and checks the signature; and the TLS behind them. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { defaultConfiguration } from "../../../src/configuration/load.ts"
import {
  generatedCertificatePath,
  portCertificate,
} from "../../../src/configuration/secrets/port-certificate.ts"
import { engines } from "../../../src/server/registries.ts"
import { configuredAddress } from "../../../src/warehouses/redshift/connection/address.ts"
import { connect } from "../../../src/warehouses/redshift/connection/client.ts"
import { type SignIn, temporaryLogin } from "../../../src/warehouses/redshift/connection/sign-in.ts"
import { password, testWarehouse } from "../../sql-port/warehouse.ts"
import { passwordService, region } from "../../support/okta/password-service.ts"
import { oktaStandIn } from "../../support/okta/server.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"

const keys = { accessKeyId: "AKIDSIGNIN", secretAccessKey: "sEcReT/+key" }

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
    const { endpoint, asked } = await passwordService(context, async () => login, keys)
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
    const { endpoint, asked } = await passwordService(context, async () => login, keys)
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
  const { endpoint, asked } = await passwordService(context, async () => login, withToken)
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
    const { endpoint, asked } = await passwordService(context, async () => login, okta.keys)
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
  const { endpoint } = await passwordService(context, async () => login, okta.keys)
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
  const certificate = await portCertificate({ ...defaultConfiguration(dataDir, engines), dataDir })
  const { port } = await testWarehouse(context, { tls: { ...certificate, unencrypted: "loopback" } })
  const { endpoint } = await passwordService(context, async () => ({ user: "admin", password }), keys)
  const signIn: SignIn = { ...kinds.serverless, region, endpoint, keys: { kind: "keys", keys } }
  const url = `postgres://127.0.0.1:${port.port}/dev`
  const session = await connect(configuredAddress({ url: `${url}?sslmode=disable`, signIn }))
  assert.deepEqual(await session.rows("SELECT current_user"), [["admin"]])
  await session.close()
  const verified = configuredAddress({ url, signIn })
  await assert.rejects(connect(verified), /certificate/)
  const known = await connect({
    ...verified,
    tls: { mode: "verify-full", ca: generatedCertificatePath(dataDir) },
  })
  assert.deepEqual(await known.rows("SELECT current_user"), [["admin"]])
  await known.close()
  const open = { url: "postgres://warehouse.example/dev?sslmode=prefer", signIn }
  assert.throws(() => configuredAddress(open), /of this host only/)
  assert.throws(
    () => configuredAddress({ url: "postgres://warehouse.example/dev?sslmode=disable", signIn }),
    /of this host only/,
  )
})
