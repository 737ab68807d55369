/** A PostgreSQL that Millrace does not own, set up by its host: what people see in psql, through all that changes. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type TestContext, test } from "node:test"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace } from "../place.ts"
import { onDatabase } from "../workload.ts"
import { type Call, governorOf } from "./governor.ts"
import { printedByPsql } from "./psql.ts"

const password = "Sesame2024"

interface Scene {
  call: Call
  /** As an administrator of the server. */
  url: string
  database: string
  address: URL
  mark: string
  /** By the name of a person, the login of the role. */
  loginOf(name: string): string
}

/** A server with a table of patients, and roles that sign in there: Ada and Bob, whom policies know. */
async function scene(t: TestContext): Promise<Scene> {
  const home = await testDatabase()
  const mark = randomBytes(4).toString("hex")
  const names = [`ada_${mark}`, `bob_${mark}`]
  atEnd(t, () => home.drop())
  await onDatabase(home.url, async (client) => {
    await client.query("CREATE SCHEMA clinic")
    await client.query("CREATE TABLE clinic.patients (id int PRIMARY KEY, name text, ssn text, ward text)")
    await client.query(`INSERT INTO clinic.patients VALUES (1, 'Ann', '111-22-3333', 'north'),
      (2, 'Ben', '222-33-4444', 'south'), (3, 'Cid', '333-44-5555', 'north')`)
    for (const name of names) await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`)
  })
  atEnd(t, () =>
    onDatabase(home.url, async (client) => {
      for (const name of names) await client.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)
    }),
  )
  const place = await newPlace(t, { sources: [] })
  await place.configure((configuration) => {
    const servers = [{ host: "localhost", tls: { mode: "require" } }]
    configuration.governance = { validate_every: "1s", servers }
  })
  await place.start()
  return {
    call: await governorOf(place, ["APPLICATION_ADMIN"]),
    url: home.url,
    database: home.name,
    address: new URL(home.url),
    mark,
    loginOf(name) {
      const login = new URL(home.url)
      login.username = `${name}_${mark}`
      login.password = password
      return login.href
    },
  }
}

/** The server has no TLS. */
async function isRefusedWithoutTls({ call, address, database }: Scene): Promise<void> {
  const at = { host: "localhost", port: Number(address.port), database, initialDatabase: database }
  const login = { authenticationType: "userPassword", username: "nobody", password: "Secret2024" }
  await assert.rejects(
    call("POST", "/integrations", { type: "Redshift", autoBootstrap: true, config: { ...at, ...login } }),
    /422 .*The server does not offer TLS.*`governance\.servers`/,
  )
}

test("people of a server that was set up by its host see what policies allow, until it is deleted", async (t) => {
  const found = await scene(t)
  await isRefusedWithoutTls(found)
  const host = await setUp(t, found)
  await host.becomes("notGoverned")
  await govern(found)
  await host.becomes("failed")
  await grantWhatIsMissing(found, host)
  await sees(found, "ada", "1|*******3333,3|*******5555")
  await sees(found, "bob", "")

  await t.test("a person's change and a policy's count for the next statement", () => changes(found))
  await t.test("the permission to impersonate is one in the server", () => impersonates(found))
  await t.test("what lets a person past the views is told, with the statement that mends it", () =>
    tellsOfGrants(found, host),
  )
  await removed(found, host)
})

interface Host {
  id: string
  credentials: Record<string, string>
  status(): Promise<{ status: string; policies: { state: string; problems: string[] } }>
  /** Until policies are in this state there. */
  becomes(state: string): Promise<void>
}

async function setUp(t: TestContext, { call, url, database, address, mark }: Scene): Promise<Host> {
  const [user, secret] = [`admin_${mark}`, "Secret2024"]
  await onDatabase(url, (client) => client.query(`CREATE ROLE ${user} LOGIN SUPERUSER PASSWORD '${secret}'`))
  atEnd(t, () => onDatabase(url, (client) => client.query(`DROP ROLE IF EXISTS ${user}`)))
  const credentials = { authenticationType: "userPassword", username: user, password: secret }
  const at = { host: address.hostname, port: Number(address.port), database, initialDatabase: database }
  const impersonation = { enabled: true, role: `imp_${mark}` }
  const body = { type: "Redshift", autoBootstrap: true, config: { ...at, impersonation, ...credentials } }
  const { id } = (await call("POST", "/integrations", body)) as { id: string }
  const status: Host["status"] = async () =>
    (await call("GET", `/integrations/${id}/status`)) as Awaited<ReturnType<Host["status"]>>
  return {
    ...{ id, credentials, status },
    async becomes(state) {
      await waitUntil(async () => (await status()).policies.state === state, { what: state })
    },
  }
}

async function govern({ call, address, database, mark }: Scene): Promise<void> {
  await call("POST", "/bim/iam/bim/user", { userid: `ada_${mark}`, profile: profileOf("Ada") })
  await call("POST", "/bim/iam/bim/user", {
    userid: "robert",
    profile: { ...profileOf("Bob"), externalUserIds: { redshiftUser: `bob_${mark}` } },
  })
  await call("PUT", `/bim/iam/bim/user/ada_${mark}/authorizations/ward/north`)
  for (const policy of policies) await call("POST", "/api/v2/policy", policy)
  await call("POST", "/api/v2/data", {
    connectionKey: "clinic",
    connection: { handler: "Redshift", hostname: address.hostname, port: Number(address.port), database },
    sources: [{ schema: "clinic", table: "patients" }],
  })
}

/** The statements that the status names are all that is missing. */
async function grantWhatIsMissing({ url }: Scene, { status, becomes }: Host): Promise<void> {
  const [problem = ""] = (await status()).policies.problems
  const grants = /(GRANT USAGE .*)\.$/.exec(problem)?.[1]
  assert.ok(grants !== undefined, problem)
  const isSaid = async () => (await status()).status === "recurringValidationError"
  await waitUntil(isSaid, { what: "the status to say it" })
  await onDatabase(url, (client) => client.query(grants))
  await becomes("enforced")
  await waitUntil(async () => (await status()).status === "enabled", { what: "enabled" })
}

async function tellsOfGrants({ url, mark }: Scene, { status, becomes }: Host): Promise<void> {
  await onDatabase(url, (client) => client.query(`GRANT SELECT ON clinic.patients TO bob_${mark}`))
  await becomes("failed")
  const { problems } = (await status()).policies
  assert.match(problems.join(), new RegExp(`bob_${mark} reads clinic.patients itself.*REVOKE SELECT ON`))
  await onDatabase(url, (client) => client.query(`REVOKE SELECT ON clinic.patients FROM bob_${mark}`))
  await becomes("enforced")
}

async function removed({ call, url, loginOf }: Scene, { id, credentials }: Host): Promise<void> {
  await call("DELETE", `/integrations/${id}`, credentials)
  const isGone = async () => {
    const [one] = (await call("GET", "/integrations")) as { status: string }[]
    assert.notEqual(one?.status, "deleteError", JSON.stringify(one))
    return one === undefined
  }
  await waitUntil(isGone, { what: "the removal" })
  assert.match(await printedByPsql(loginOf("ada"), question), /does not exist/)
  const left = await onDatabase(url, async (client) => {
    const { rows } = await client.query(
      "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(immuta|governed)'",
    )
    return rows
  })
  assert.deepEqual(left, [])
}

const question = "SELECT id, ssn FROM governed_clinic.patients ORDER BY id"

/** In psql, rows with commas between. */
async function sees({ loginOf }: Scene, name: string, expected: string, statement = question): Promise<void> {
  let last = ""
  const isSo = async () => {
    last = (await printedByPsql(loginOf(name), statement)).replaceAll("\n", ",")
    return last === expected
  }
  await waitUntil(isSo, { what: `${name} to see ${expected}` }).catch((error: unknown) => {
    throw new Error(`${name} saw ${last}`, { cause: error })
  })
}

async function changes(found: Scene): Promise<void> {
  const { call } = found
  await call("PUT", "/bim/iam/bim/user/robert/authorizations/ward/south")
  await sees(found, "bob", "2|*******4444")
  await call("POST", "/api/v2/policy", { ...mask, rules: [{ ...mask.rules[0], mask: { type: "null" } }] })
  await sees(found, "ada", "1|,3|")
  await call("PUT", "/bim/iam/bim/user/robert/disable/true")
  await sees(found, "bob", "")
  await onDatabase(found.url, (client) => client.query("ALTER TABLE clinic.patients ADD COLUMN bed int"))
  await sees(found, "ada", "1,3", "SELECT id FROM governed_clinic.patients WHERE bed IS NULL ORDER BY id")
  await call("POST", "/api/v2/policy", mask)
  await sees(found, "ada", "1|*******3333,3|*******5555")
  for (const statement of [
    "TABLE clinic.patients",
    "TABLE immuta_system.entitlement",
    "TABLE immuta_system.secret",
  ])
    assert.match(await printedByPsql(found.loginOf("ada"), statement), /permission denied/, statement)
}

async function impersonates({ call, url, mark, loginOf }: Scene): Promise<void> {
  const begin = "CALL immuta_procedures.impersonate_user('robert')"
  const seen = () => printedByPsql(loginOf("ada"), begin, question)
  const permissions = `/bim/iam/bim/user/ada_${mark}/permissions`
  await call("PUT", "/bim/iam/bim/user/robert/disable/false")
  assert.match(await seen(), /permission denied/)
  await call("POST", permissions, ["IMPERSONATE_USER"])
  await waitUntil(async () => (await seen()) === "2|*******4444", { what: "Ada to see what Robert sees" })
  await call("DELETE", `${permissions}/IMPERSONATE_USER`)
  await waitUntil(async () => /permission denied/.test(await seen()), { what: "Ada to be refused" })
  const events = "SELECT DISTINCT session_username, target, action FROM immuta_system.impersonation_event"
  assert.equal(await printedByPsql(url, events), `ada_${mark}|bob_${mark}|start`)
}

const circumstances = [{ type: "columnRegex", regex: "^ward$" }]

const mask = {
  policyKey: "numbers",
  type: "data",
  circumstances,
  rules: [
    {
      kind: "mask",
      columns: [{ name: "ssn" }],
      mask: { type: "partial", first: 0, last: 4, char: "*" },
      unless: { group: "billing" },
    },
  ],
}

const policies = [
  {
    policyKey: "everybody",
    type: "subscription",
    subscription: "anyone",
    circumstances: [{ type: "everything" }],
  },
  {
    policyKey: "own-ward",
    type: "data",
    circumstances,
    rules: [{ kind: "rowFilter", match: { column: "ward", attribute: "ward" } }],
  },
  mask,
]

function profileOf(name: string) {
  return { name, email: `${name.toLowerCase()}@example.com` }
}
