/** The console's server side as a browser and scripts meet it: pages, sign-in, sessions, roles. One Millrace serves all scenes. */
import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { operations } from "../../../src/front-doors/operations/operations.ts"
import { selfSignedCertificate } from "../../support/certificates.ts"
import { curl } from "../governance/curl.ts"
import { newPlace, type Place, sourceArn, sqlPassword } from "../place.ts"
import { bank } from "../source.ts"
import { code, consoleClient, signedIn, type Told } from "./client.ts"
import { describesRoles, makesIntegrations } from "./integrations.ts"

async function consolePlace(context: TestContext): Promise<Place> {
  const { url } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.configure((configuration) => {
    configuration.sql_users = [
      { name: "admin", password: sqlPassword, policy: "admin" },
      { name: "reader", password: `${sqlPassword}-r`, policy: "read-only" },
      { name: "keeper", password: `${sqlPassword}-k`, policy: "read-only" },
      { name: "loader", password: `${sqlPassword}-l`, policy: "partner:Loader" },
    ]
    configuration.console = { users: [{ name: "keeper", role: "operator" }] }
  })
  await place.start()
  return place
}

async function showsPages(place: Place): Promise<void> {
  for (const path of ["/", "/console/", "/console/integrations/x"]) {
    const told = await consoleClient(place).ask(path, { headers: { accept: "text/html,*/*" } })
    assert.match(told.text, told.status === 200 ? /<div id="root">/ : /npm run console:build/)
    assert.match(
      told.headers.get("content-security-policy") ?? "",
      /default-src '(self|none)'.*frame-ancestors 'none'/,
    )
    assert.equal(told.headers.get("x-content-type-options"), "nosniff")
    assert.equal(told.headers.get("cache-control"), "no-store")
  }
  const other = await consoleClient(place).ask("/")
  assert.equal(other.status, 403, "what is no browser gets the APIs' answer at /")
}

async function signsIn(place: Place): Promise<void> {
  const { client, told } = await signedIn(place, "admin", "")
  const { user, role, expiresAt } = told.body as { user: string; role: string; expiresAt: string }
  assert.deepEqual({ user, role }, { user: "admin", role: "admin" })
  assert.ok(Date.parse(expiresAt) > Date.now())
  assert.match(
    told.headers.getSetCookie().join(),
    /^millrace_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
  )
  assert.deepEqual((await client.ask("/console/api/session")).body, told.body)
  assert.deepEqual(((await client.ask("/console/api/status")).body as { integrations: [] }).integrations, [])
  const cookie = client.cookie()
  assert.equal((await client.ask("/console/api/session", { method: "DELETE" })).status, 200)
  assert.equal(client.cookie(), "")
  const after = await client.ask("/console/api/session", { headers: { cookie } })
  assert.deepEqual([after.status, code(after)], [401, "signedOut"])
}

async function refusesPasswords(place: Place): Promise<void> {
  const client = consoleClient(place)
  const attempt = (user: string, password: string) =>
    client.ask("/console/api/session", { method: "POST", body: { user, password } })
  for (const [user, password] of [
    ["admin", "wrong"],
    ["nobody", sqlPassword],
    ["reader", sqlPassword],
  ] as const)
    assert.equal(code(await attempt(user, password)), "notSignedIn")
  assert.equal(code(await attempt("loader", `${sqlPassword}-l`)), "accessDenied")
  for (let at = 0; at < 9; at++) await attempt("ghost", `wrong ${at}`)
  const locked = await attempt("ghost", "wrong")
  assert.deepEqual([locked.status, code(locked)], [429, "tooMany"])
  assert.ok(Number(locked.headers.get("retry-after")) > 200)
  assert.equal((await attempt("admin", sqlPassword)).status, 200)
  const trail = (await place.run("audit")).output
  assert.match(trail, /console:SignIn .*notSignedIn/)
  assert.match(trail, /console:SignIn .*tooMany/)
  assert.match(trail, /console:SignIn .*ok/)
  assert.ok(!trail.includes(sqlPassword))
}

async function signsInByLink(place: Place): Promise<void> {
  const made = await place.run("console-link", "--user", "admin", "--role", "viewer")
  assert.equal(made.code, 0, made.output)
  const url = new URL(made.stdout.trimEnd().split("\n").at(-1) ?? "")
  assert.equal(url.port, String(place.httpPort))
  const link = new URLSearchParams(url.hash.slice(1)).get("link")
  const client = consoleClient(place)
  const use = () => client.ask("/console/api/session", { method: "POST", body: { link } })
  const first = await use()
  assert.deepEqual([first.status, (first.body as { role: string }).role], [200, "viewer"])
  const again = await use()
  assert.deepEqual([again.status, code(again)], [401, "notSignedIn"])
  assert.equal((await place.run("console-link", "--user", "reader", "--role", "admin")).code, 1)
  assert.equal((await place.run("console-link", "--role", "root")).code, 2)
}

async function holdsRoles(place: Place): Promise<void> {
  const { client: viewer } = await signedIn(place, "reader", "-r")
  const { client: operator } = await signedIn(place, "keeper", "-k")
  for (const operation of operations.filter(({ changes }) => changes)) {
    const path = `/console/api${operation.path.replace("{integration}", "none")}`
    const told = await viewer.ask(path, { method: operation.method, body: {} })
    assert.deepEqual([told.status, code(told)], [403, "accessDenied"], operation.name)
    const isOperators = operation.name === "Resync" || operation.name === "Verify"
    const byOperator = await operator.ask(path, { method: operation.method, body: {} })
    assert.equal(code(byOperator), isOperators ? "integrationNotFound" : "accessDenied", operation.name)
  }
  assert.equal((await viewer.ask("/console/api/status")).status, 200)
  assert.equal(code(await viewer.ask("/console/api/audit", { method: "POST", body: {} })), "accessDenied")
  assert.match((await place.run("audit", "--json")).output, /"door": "console",[^}]*"policy": "operator"/)
}

async function refusesOtherSites(place: Place): Promise<void> {
  const { client } = await signedIn(place, "admin", "")
  const post = (headers: Record<string, string>, body: unknown = { name: "x", permissions: ["AUDIT"] }) =>
    client.ask("/console/api/api-keys", { method: "POST", body, headers })
  for (const headers of [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
    { origin: "null" },
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
  ] as Record<string, string>[]) {
    const told = await post(headers)
    assert.deepEqual([told.status, code(told)], [403, "crossSite"], JSON.stringify(headers))
  }
  const own = await post(
    { origin: `http://127.0.0.1:${place.httpPort}`, "sec-fetch-site": "same-origin" },
    { name: "" },
  )
  assert.equal(code(own), "validation")
}

async function endsSessions(place: Place): Promise<void> {
  const { client: admin } = await signedIn(place, "admin", "")
  const { client: reader } = await signedIn(place, "reader", "-r")
  type Listed = { sessions: { id: string; user: string; isOwn: boolean }[] }
  const listed = (told: Told) => (told.body as Listed).sessions
  const all = listed(await admin.ask("/console/api/sessions"))
  const own = listed(await reader.ask("/console/api/sessions"))
  assert.ok(own.every(({ user }) => user === "reader"))
  assert.ok(all.length > own.length)
  const [adminsOwn] = all.filter(({ isOwn }) => isOwn)
  const end = (client: typeof admin, id = "") =>
    client.ask(`/console/api/sessions/${id}`, { method: "DELETE" })
  assert.equal(code(await end(reader, adminsOwn?.id)), "resourceNotFound")
  const [readersOwn] = own.filter(({ isOwn }) => isOwn)
  assert.equal((await end(admin, readersOwn?.id)).status, 200)
  assert.equal(code(await reader.ask("/console/api/status")), "signedOut")
  assert.equal((await admin.ask("/console/api/status")).status, 200)
}

async function takesKeys(place: Place): Promise<void> {
  const made = await place.run("api-key", "create", "--name", "script", "--permission", "AUDIT")
  const key = made.stdout.trimEnd().split("\n").at(-1)
  const client = consoleClient(place)
  const headers = { authorization: `Bearer ${key}` }
  assert.equal((await client.ask("/console/api/status", { headers })).status, 200)
  assert.equal(
    code(await client.ask("/console/api/integrations/x/resync", { method: "POST", headers })),
    "accessDenied",
  )
  assert.equal(
    code(await client.ask("/console/api/status", { headers: { authorization: "Bearer mlr_x" } })),
    "signedOut",
  )
}

async function tellsEvents(place: Place): Promise<void> {
  const { client } = await signedIn(place, "reader", "-r")
  const stream = (headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${place.httpPort}/console/api/events`, {
      headers: { cookie: client.cookie(), ...headers },
    })
  const response = await stream()
  assert.equal(response.headers.get("content-type"), "text/event-stream")
  const first = await firstEvent(response)
  assert.match(first, /^id: [0-9a-f]{12}-\d+\nevent: alive\ndata: \{"at":"[^"]+"\}\n\n$/)
  const whole = await firstEvent(await stream({ "last-event-id": "of-another-process" }))
  assert.match(whole, /^id: \S+\nevent: status\ndata: \{"whole":true,/)
  assert.equal(code(await consoleClient(place).ask("/console/api/events")), "signedOut")
}

async function firstEvent(response: Response): Promise<string> {
  let text = ""
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.endsWith("\n\n")) break
  }
  return text
}

interface SqlTold {
  columns: { name: string; type: string }[]
  rows: (string | null)[][]
  truncated: boolean
}

async function runsSql(place: Place): Promise<void> {
  const { client: admin } = await signedIn(place, "admin", "")
  const { client: reader } = await signedIn(place, "reader", "-r")
  const run = (client: typeof admin, sql: string, more: object = {}) =>
    client.ask("/console/api/sql", { method: "POST", body: { database: "dev", sql, ...more } })
  const told = async (...asked: Parameters<typeof run>) => {
    const { status, text, body } = await run(...asked)
    assert.equal(status, 200, text)
    return body as SqlTold
  }
  await told(admin, "CREATE TABLE console_rows AS SELECT i AS n, 'row ' || i AS word FROM range(3000) t(i)")
  const { columns, rows, truncated } = await told(
    reader,
    "SELECT n, word, NULL AS nothing FROM console_rows ORDER BY n",
    { limit: 2 },
  )
  assert.deepEqual(rows, [
    ["0", "row 0", null],
    ["1", "row 1", null],
  ])
  assert.deepEqual(
    [columns.map(({ name }) => name), columns[0]?.type, truncated],
    [["n", "word", "nothing"], "int8", true],
  )
  assert.equal((await told(reader, "SELECT * FROM console_rows", { limit: 10_000 })).rows.length, 3_000)
  assert.deepEqual((await told(reader, "SELECT current_user")).rows, [["reader"]])

  const wrong = await run(reader, "SELECT nonsense FROM console_rows")
  assert.deepEqual([wrong.status, code(wrong)], [400, "42703"])
  assert.equal(code(await run(reader, "DELETE FROM console_rows")), "42501")
  assert.equal(code(await run(admin, "SELECT 1; SELECT 2")), "42601")

  const link = await place.run("console-link", "--user", "admin", "--role", "operator")
  const lesser = consoleClient(place)
  const token = /#link=([\w-]{43})/.exec(link.stdout)?.[1]
  await lesser.ask("/console/api/session", { method: "POST", body: { link: token } })
  for (const sql of [
    "DELETE FROM console_rows",
    "CREATE TABLE more (n int)",
    "CREATE USER mallory PASSWORD 'x'",
    "GRANT SELECT ON console_rows TO public",
    "CREATE DATABASE more",
    "SET default_transaction_read_only = off",
  ]) {
    const { status } = await run(lesser, sql)
    if (!sql.startsWith("SET ")) assert.equal(status, 400, sql)
  }
  assert.deepEqual((await told(lesser, "SELECT count(*) FROM console_rows")).rows, [["3000"]])

  const catalog = (await reader.ask("/console/api/catalog?database=dev")).body as {
    databases: string[]
    tables: { schema: string; name: string; columns: { name: string }[] }[]
  }
  assert.ok(catalog.databases.includes("dev"))
  const table = catalog.tables.find(({ name }) => name === "console_rows")
  assert.deepEqual(
    table?.columns.map(({ name }) => name),
    ["n", "word"],
  )
}

/** Last: the place asks for TLS from here on. */
async function speaksTls(place: Place): Promise<void> {
  const [cert, key] = [join(place.folder, "cert.pem"), join(place.folder, "key.pem")]
  const made = await selfSignedCertificate("millrace", ["localhost"])
  await writeFile(cert, made.cert)
  await writeFile(key, made.key, { mode: 0o600 })
  await place.configure((configuration) => {
    const { listen } = configuration as { listen: object }
    configuration.listen = { ...listen, tls: { cert, key, http_unencrypted: "nowhere" } }
  })
  const reloaded = await place.run("reload")
  assert.equal(reloaded.stdout, "reloaded: listen.tls\n", reloaded.output)

  assert.equal((await consoleClient(place).ask("/console/")).status, 426)
  const linked = await place.run("console-link", "--user", "reader")
  const link = linked.stdout.trimEnd().split("\n").at(-1) ?? ""
  assert.match(link, /^https:\/\/127\.0\.0\.1:\d+\/console\/#link=/, linked.output)
  const origin = `https://localhost:${place.httpPort}`
  const body = JSON.stringify({ link: new URL(link).hash.slice("#link=".length) })
  const signIn = ["-i", "--json", body, `${origin}/console/api/session`]
  const answer = String((await curl("--cacert", cert, ...signIn)).body)
  assert.match(answer, /set-cookie: __Host-millrace=[\w-]{43};.*; Secure\r/i)
  assert.doesNotMatch(answer, /strict-transport-security/i)
  assert.equal((await curl("--cacert", cert, `${origin}/readyz`)).body, "ready\n")
  await assert.rejects(curl(`${origin}/readyz`), /self-signed/)
  const { code: exit, output } = await place.run("status")
  assert.equal(exit, 0, output)
}

const scenes: [name: string, scene: (place: Place) => Promise<void>][] = [
  ["shows its page, or which command builds it, with a policy for content", showsPages],
  ["signs in by an SQL user's password, and out", signsIn],
  ["refuses wrong passwords, unknown users, users without a role, and locks out", refusesPasswords],
  ["a link signs in once, with no more rights than its user has", signsInByLink],
  ["a viewer can change nothing; an operator resyncs and verifies", holdsRoles],
  ["a page of another site changes nothing by a person's cookie", refusesOtherSites],
  ["sessions are listed and ended: all by an administrator, their own by others", endsSessions],
  ["an event stream begins at once, and with everything for who comes from elsewhere", tellsEvents],
  ["SQL runs as the user who signed in, bounded, and changes nothing by who is less than an admin", runsSql],
  ["a viewer is refused by every route that takes more", describesRoles],
  ["integrations are looked at before, made and deleted", makesIntegrations],
  ["a script shows an API key instead of a cookie", takesKeys],
  [
    "a certificate that a reload brings is shown by the port, known by commands, and then TLS is asked for",
    speaksTls,
  ],
]

test("the console on a served Millrace", async (context) => {
  const place = await consolePlace(context)
  for (const [name, scene] of scenes) await context.test(name, () => scene(place))
})
