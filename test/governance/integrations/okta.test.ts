/** Integrations whose servers are entered by Okta: what is refused and why, and the periodic validation. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type TestContext, test } from "node:test"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import {
  createIntegration,
  deleteIntegration,
  getIntegration,
} from "../../../src/control-plane/governance/integrations/calls.ts"
import { startRevalidation } from "../../../src/control-plane/governance/integrations/revalidate.ts"
import { deleteScript, payloadScript } from "../../../src/control-plane/governance/integrations/scripts.ts"
import { Fault } from "../../../src/domain/faults.ts"
import { temporaryPasswords } from "../../../src/server/parts/temporary-passwords.ts"
import { passwordService, region } from "../../support/okta/password-service.ts"
import { oktaStandIn, paths } from "../../support/okta/server.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type GovernedServer, governedServer, settled } from "./governed-server.ts"
import { rowsOf } from "./state-rows.ts"

/** Okta and the cloud as they answer for the host of `server`; the user of the database is its administrator, unless another is asked for. */
async function byOkta(t: TestContext, server: GovernedServer) {
  const okta = await oktaStandIn(t)
  okta.assertion.databaseUser = server.admin.user
  const trusted = getCACertificates("default")
  setDefaultCACertificates([...trusted, okta.options.authorities ?? ""])
  t.after(() => setDefaultCACertificates(trusted))
  const asked: unknown[] = []
  const { endpoint } = await passwordService(
    t,
    async ({ DbUser: user }) => {
      asked.push(user)
      const password = randomBytes(12).toString("hex")
      await rowsOf(server.url, `ALTER USER "${user}" PASSWORD '${password}'`)
      return { user: String(user), password }
    },
    okta.keys,
  )
  const { hostname } = new URL(server.url)
  const passwords = temporaryPasswords({
    stsEndpoint: String(okta.options.stsEndpoint),
    hosts: [{ host: hostname, cluster: "reports", region, endpoint }],
  })
  const config = (changes: object = {}) => ({
    authenticationType: "okta",
    username: undefined,
    password: undefined,
    okta: { ...okta.user, ...changes },
  })
  const payload = (manner: "automatic" | "manual", changes: { okta?: object; config?: object } = {}) =>
    JSON.parse(JSON.stringify(server.payload({ ...config(changes.okta), ...changes.config }, manner)))
  return { okta, asked, passwords, payload }
}

test("what Okta or the cloud refuses is refused with its reason, and nothing is kept", async (t) => {
  const server = await governedServer(t)
  const { okta, passwords, payload } = await byOkta(t, server)
  const { calls, store } = await server.start({ passwords })
  const told = async (body: unknown) => {
    const error: unknown = await createIntegration(calls, body).then(
      () => assert.fail("it was made"),
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof Fault && error.kind === "checksFailed", String(error))
    for (const secret of [...okta.secrets, "another secret"]) assert.ok(!error.message.includes(secret))
    assert.match(error.message, /^Validation failed: Initial Validation: Okta Token: /)
    return error.message
  }
  assert.match(
    await told(payload("automatic", { okta: { password: "another secret" } })),
    /Okta's primary authentication refused the user name or the password \(E0000004\)\.$/,
  )
  assert.match(
    await told(payload("automatic", { okta: { role: "nobody" } })),
    /does not grant the role nobody/,
  )
  assert.match(await told(payload("automatic", { okta: { appId: "other" } })), /no such application/)
  const elsewhere = { config: { host: "db.example" } }
  assert.match(
    await told(payload("automatic", elsewhere)),
    /cluster or workgroup is at db\.example is not known: name it under governance\.okta\.hosts/,
  )
  okta.instead.set(paths.authn, (response) => response.writeHead(500).end())
  assert.match(await told(payload("automatic")), /answered without a session \(HTTP 500\)/)
  assert.deepEqual(await store.governedIntegrations.all(), [])
})

test("a host whose name is the cloud's is known by it; a workgroup's account of a given name is refused", async (t) => {
  const okta = await oktaStandIn(t)
  const trusted = getCACertificates("default")
  setDefaultCACertificates([...trusted, okta.options.authorities ?? ""])
  t.after(() => setDefaultCACertificates(trusted))
  const { stsEndpoint } = okta.options
  const passwords = temporaryPasswords({ hosts: [], ...(stsEndpoint !== undefined && { stsEndpoint }) })
  const credentials = { type: "okta", ...okta.user, password: "wrong" } as const
  for (const host of [
    "reports.abc123.eu-west-1.redshift.amazonaws.com",
    "main.123456789012.eu-west-1.redshift-serverless.amazonaws.com",
  ])
    await assert.rejects(
      passwords(credentials, { host, database: "dev" })(),
      /refused the user name or the password/,
    )
  await assert.rejects(
    passwords(credentials, {
      host: "main.123456789012.eu-west-1.redshift-serverless.amazonaws.com",
      database: "dev",
      user: "taylor",
    })(),
    /A serverless workgroup names the user of a temporary password itself/,
  )
})

test("automatically: one sign-in for each database of a job, and an account with a password of its own", async (t) => {
  const server = await governedServer(t)
  const { okta, asked, passwords, payload } = await byOkta(t, server)
  const { calls } = await server.start({ passwords })
  const { answer } = await createIntegration(calls, payload("automatic"))
  assert.equal(await settled(calls, answer.id), "enabled")
  // The check, and the job.
  assert.deepEqual(asked, [server.admin.user, server.admin.user])
  const rows = await rowsOf(
    server.installation.stateUrl,
    "SELECT t::text FROM millrace.governance_integrations t",
  )
  for (const secret of [...okta.secrets, okta.user.username])
    assert.ok(!JSON.stringify(rows).includes(secret))
  const { type: _, ...config } = payload("automatic").config
  await deleteIntegration(calls, answer.id, { authenticationType: "okta", okta: config.okta })
  assert.equal(await settled(calls, answer.id), "deleted")
  assert.deepEqual(await server.left(), [])
})

test("by hand: the account has no password, and is looked at again by Okta", async (t) => {
  const server = await governedServer(t)
  const { okta, passwords, payload } = await byOkta(t, server)
  okta.user.username = "loader@example.com"
  const { calls } = await server.start({ passwords })
  const body = payload("manual", { config: { database: server.databaseName } })
  const script = async (kind: "initial-create" | "create") =>
    (await payloadScript(calls, kind, { body, dialect: undefined })).script
  const first = await script("initial-create")
  assert.match(first, /CREATE USER "loader@example\.com" PASSWORD NULL;/)
  assert.match(
    (await payloadScript(calls, "initial-create", { body, dialect: "redshift" })).script,
    /CREATE USER "loader@example\.com" PASSWORD DISABLE;/,
  )
  t.after(() =>
    rowsOf(server.url, 'DROP OWNED BY "loader@example.com" CASCADE; DROP USER "loader@example.com"').catch(
      () => undefined,
    ),
  )
  await rowsOf(server.url, first)
  await rowsOf(server.url, await script("create"))
  const { answer } = await createIntegration(calls, body)
  assert.equal(await settled(calls, answer.id), "enabled")
  const watch = startRevalidation(calls, 50)
  const becomes = (status: string) =>
    waitUntil(async () => (await getIntegration(calls, answer.id)).status === status, { what: status })
  try {
    okta.instead.set(paths.authn, (response) => response.writeHead(401).end('{"errorCode":"E0000004"}'))
    await becomes("recurringValidationError")
    okta.instead.clear()
    await becomes("enabled")
  } finally {
    await watch.stop()
  }
  await rowsOf(server.url, (await deleteScript(calls, answer.id)).script)
  await deleteIntegration(calls, answer.id, undefined)
  assert.equal(await settled(calls, answer.id), "deleted")
  assert.deepEqual(await server.left(), [])
})
