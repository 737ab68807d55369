/** Every call of the published how-to by curl, against a PostgreSQL at the port that the calls leave unsaid. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import pg from "pg"
import { rowsOf } from "../../governance/integrations/state-rows.ts"
import { passwordService, region } from "../../support/okta/password-service.ts"
import { oktaStandIn } from "../../support/okta/server.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place, sqlPassword } from "../place.ts"
import { type Answer, apiKey, atPublishedPort, host, printed, psql } from "./how-to.ts"
import { heapOf, heapOptions, holdsNoSecret } from "./no-secrets.ts"
import { publishedCalls } from "./published-calls.ts"

const password = "abc1234"
const user = "taylor@redshift.com"

const isLinux = process.platform === "linux"

test("each call of the published how-to works as printed there", {
  skip: !isLinux && "needs 127.0.0.77",
}, async (t) => {
  const database = await testDatabase()
  const server = new pg.Client({ connectionString: database.url })
  await server.connect()
  const clean = async () => {
    for (const name of ["immuta", "redshift_sample_data"])
      await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    for (const role of [user, oktaUser, "immuta_impersonation"])
      await server.query(`DROP ROLE IF EXISTS "${role}"`)
  }
  await clean()
  await server.query("CREATE DATABASE redshift_sample_data")
  await server.query(`CREATE USER "${user}" SUPERUSER PASSWORD '${password}'`)
  await server.query(`CREATE USER "${oktaUser}" SUPERUSER`)
  await atPublishedPort(t, database.url)
  const place = await newPlace(t, { sources: [] })
  t.after(async () => {
    await clean()
    await server.end()
    await database.drop()
  })
  const okta = await atOkta(t, place, server)
  const started = await place.start({
    NODE_EXTRA_CA_CERTS: okta.authorities,
    ...heapOptions(place.folder),
  })
  const key = await apiKey(place)
  const call = (name: keyof typeof publishedCalls, id?: string) =>
    printed(place, key, { call: publishedCalls[name], idpHost: okta.host, ...(id !== undefined && { id }) })
  const calls: Calls = {
    url: database.url,
    call,
    okta,
    becomes: (id, status) =>
      waitUntil(async () => (await call("get", id)).body.status === status, { what: `status ${status}` }),
  }
  await automatically(calls)
  await automaticallyByOkta(calls)
  const heap = await heapOf({ pid: started.pid, folder: place.folder }, () => call("list"))
  // That of the configuration is kept, and so found.
  assert.ok(heap.includes(sqlPassword) && !heap.includes(password), "the process keeps the one-time password")
  // The scripts make the account themselves.
  await server.query(`DROP ROLE "${user}"`)
  await byHand(calls)
  await byHandWithOkta(calls)
  await holdsNoSecret(place, password)
})

interface Calls {
  url: string
  okta: { host: string }
  call(name: keyof typeof publishedCalls, id?: string): Promise<Answer>
  becomes(id: string, status: string): Promise<unknown>
}

/** The user of the database that Okta's application names. */
const oktaUser = "taylor.by.okta"

/** The documented exchange at a server of the test's own; what gives temporary passwords changes them on the governed server. */
async function atOkta(t: TestContext, place: Place, server: pg.Client) {
  const okta = await oktaStandIn(t, {
    username: user,
    password,
    appId: "Okta",
    role: "arn:aws:iam::123456789012:role/admin",
  })
  okta.assertion.databaseUser = oktaUser
  const { endpoint } = await passwordService(
    t,
    async ({ DbUser: name }) => {
      const temporary = randomBytes(12).toString("hex")
      // The script of a removal drops the account before the integration is deleted: nobody can sign in by then.
      await server
        .query(`ALTER USER "${name}" PASSWORD '${temporary}' VALID UNTIL 'tomorrow'`)
        .catch((error: { code?: string }) => assert.equal(error.code, "42704"))
      return { user: String(name), password: temporary }
    },
    okta.keys,
  )
  await place.configure((configuration) => {
    configuration.governance = {
      okta: {
        sts_endpoint: okta.options.stsEndpoint?.replace(/\/$/, ""),
        hosts: [{ host, cluster: "reports", region, endpoint }],
      },
    }
  })
  const authorities = join(place.folder, "authorities.pem")
  await writeFile(authorities, okta.options.authorities ?? "")
  return { host: okta.host, authorities }
}

async function automatically(calls: Calls): Promise<void> {
  const { url, call, becomes } = calls
  const made = await call("createAutomatic")
  assert.equal(made.status, 200, JSON.stringify(made.body))
  const { id } = made.body
  assert.deepEqual(Object.keys(made.body), ["id", "status", "validationResults"])
  assert.match(id, /^\d+$/)
  assert.equal(made.body.status, "creating")
  const tests = made.body.validationResults.validationTests
  assert.deepEqual(tests.slice(0, 2), [
    { name: "Initial Validation: Basic Connection Test", result: [null], status: "passed" },
    { name: "Validate Automatic Bootstrap: Immuta Database Does Not Exist", result: [], status: "passed" },
  ])
  await becomes(id, "enabled")
  const shown = (await call("get", id)).body
  assert.deepEqual(Object.keys(shown), [
    "id",
    "status",
    "validationResults",
    "type",
    "autoBootstrap",
    "config",
  ])
  assert.deepEqual(shown.config, {
    host,
    database: "immuta",
    initialDatabase: "REDSHIFT_SAMPLE_DATA",
    port: 5439,
    impersonation: { enabled: false },
    authenticationType: "userPassword",
    username: "<REDACTED>",
    password: "<REDACTED>",
  })
  assert.deepEqual((await call("list")).body, [shown])
  assert.deepEqual((await call("createAutomatic")).body, {
    statusCode: 409,
    error: "Conflict",
    message: `Redshift integration already exists on host ${host} (id = ${id})`,
  })
  const owner = await ownerOfManaged(url, id)
  await removed(calls, id)
  assert.equal((await call("get", id)).body.message, `No Integration found with ID ${id}.`)
  assert.equal((await call("remove", id)).body.message, `No integration found with ID ${id}.`)
  assert.deepEqual((await call("list")).body, [])
  const left = await rowsOf(
    url,
    `SELECT 1 FROM pg_roles WHERE rolname = '${owner}' UNION ALL SELECT 1 FROM pg_database WHERE datname = 'immuta'`,
  )
  assert.deepEqual(left, [])
}

/** An account of the set-up's own, with no more rights than it needs. */
async function ownerOfManaged(url: string, id: string): Promise<string> {
  const [owner] = await rowsOf(
    url,
    "SELECT rolname, rolcreatedb, rolsuper FROM pg_database JOIN pg_roles r ON r.oid = datdba WHERE datname = 'immuta'",
  )
  assert.match(String(owner?.rolname), new RegExp(`^immuta_system_${id}_`))
  assert.deepEqual([owner?.rolcreatedb, owner?.rolsuper], [false, false])
  return String(owner?.rolname)
}

async function removed({ call }: Calls, id: string): Promise<void> {
  const { body } = await call("remove", id)
  assert.deepEqual([body.id, body.status], [id, "deleting"])
  assert.deepEqual(Object.keys(body), ["id", "status", "validationResults"])
  await waitUntil(async () => (await call("get", id)).status === 404, { what: "the integration to go" })
}

async function automaticallyByOkta(calls: Calls): Promise<void> {
  const { url, call, becomes } = calls
  const made = await call("createAutomaticByOkta")
  assert.equal(made.status, 200, JSON.stringify(made.body))
  const { id } = made.body
  assert.deepEqual(made.body.validationResults.validationTests.at(-1), {
    name: "Initial Validation: Okta Token",
    status: "passed",
  })
  await becomes(id, "enabled")
  assert.deepEqual((await call("get", id)).body.config, {
    ...oktaShown(calls),
    impersonation: { enabled: true, role: "immuta_impersonation" },
  })
  await ownerOfManaged(url, id)
  const groups = () => rowsOf(url, "SELECT 1 FROM pg_group WHERE groname = 'immuta_impersonation'")
  assert.equal((await groups()).length, 1)
  const edited = await call("updateAutomaticByOkta", id)
  assert.deepEqual([edited.status, edited.body.status], [200, "editing"])
  await becomes(id, "enabled")
  assert.deepEqual((await call("get", id)).body.config, oktaShown(calls))
  assert.deepEqual(await groups(), [])
  await removed(calls, id)
}

/** As printed: the user is hidden, the password left out. */
function oktaShown({ okta }: Calls): object {
  return {
    host,
    database: "immuta",
    initialDatabase: "REDSHIFT_SAMPLE_DATA",
    port: 5439,
    impersonation: { enabled: false },
    authenticationType: "okta",
    okta: { username: "<REDACTED>", appId: "Okta", idpHost: okta.host, role: "admin" },
  }
}

/** Gets a script twice, the same both times, and runs it where the how-to says. */
async function runScript(
  { url, call }: Calls,
  name: keyof typeof publishedCalls,
  [into, id]: [string, string?],
) {
  const { status, body } = await call(name, id)
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body, (await call(name, id)).body)
  assert.ok(!body.includes(password))
  const place = new URL(url)
  place.pathname = `/${into}`
  await psql(place.href, body)
}

async function byHand(calls: Calls): Promise<void> {
  const { call, becomes } = calls
  await runScript(calls, "initialScript", ["redshift_sample_data"])
  await runScript(calls, "createScript", ["immuta"])
  const { status, body } = await call("createManual")
  assert.equal(status, 200, JSON.stringify(body))
  const { id } = body
  await becomes(id, "enabled")
  assert.equal((await call("createManualByOkta")).status, 409)
  await runScript(calls, "editScriptByOkta", ["immuta", id])
  const edited = await call("updateManualByOkta", id)
  assert.deepEqual([edited.status, edited.body.status], [200, "editing"], JSON.stringify(edited.body))
  await becomes(id, "enabled")
  assert.deepEqual((await call("get", id)).body.config, oktaShown(calls))
  assert.match(
    (await call("remove", id)).body.message,
    /^Credentials are not required for disable unless the integration was configured automatically\. If you need/,
  )
  await removedByHand(calls, id)
}

async function byHandWithOkta(calls: Calls): Promise<void> {
  const { call, becomes } = calls
  await runScript(calls, "initialScriptByOkta", ["redshift_sample_data"])
  await runScript(calls, "createScriptByOkta", ["immuta"])
  const { status, body } = await call("createManualByOkta")
  assert.equal(status, 200, JSON.stringify(body))
  await becomes(body.id, "enabled")
  await removedByHand(calls, body.id)
}

/** By the script, then "the request above without including a payload". */
async function removedByHand(calls: Calls, id: string): Promise<void> {
  const { url, call } = calls
  await runScript(calls, "deleteScript", ["redshift_sample_data", id])
  assert.equal((await call("removeWithoutPayload", id)).body.status, "deleting")
  await waitUntil(async () => (await call("get", id)).status === 404, { what: "the integration to go" })
  const left = await rowsOf(
    url,
    `SELECT rolname FROM pg_roles WHERE rolname IN ('${user}', 'immuta_impersonation') UNION ALL SELECT datname FROM pg_database WHERE datname = 'immuta'`,
  )
  assert.deepEqual(left, [])
}
