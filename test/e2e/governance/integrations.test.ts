/** Every call of the published how-to by curl, against a PostgreSQL at the port that the calls leave unsaid. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { readdir, readFile } from "node:fs/promises"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { promisify } from "node:util"
import pg from "pg"
import { rowsOf } from "../../governance/integrations/state-rows.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place } from "../place.ts"
import { publishedCalls } from "./published-calls.ts"

const run = promisify(execFile)
/** Nothing else of the suite listens there. */
const host = "127.0.0.77"
const password = "abc1234"

interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks at
  body: any
}

/** A server that speaks as the one of `url` does, where the published calls look for it. */
async function atPublishedPort(t: TestContext, url: string): Promise<void> {
  const target = new URL(url)
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    near.pipe(far).pipe(near)
    near.on("error", () => far.destroy())
    far.on("error", () => near.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(5_439, host, resolve)
  })
  t.after(() => void server.close())
}

async function apiKey(place: Place): Promise<string> {
  const made = await place.run("api-key", "create", "--name", "ci", "--permission", "APPLICATION_ADMIN")
  return made.output.trimEnd().split("\n").at(-1) ?? ""
}

/** Runs a printed call in a shell, with host, key and id replaced, and nothing else. */
async function printed(
  place: Place,
  key: string,
  { call, id = "" }: { call: string; id?: string },
): Promise<Answer> {
  const text = call
    .replace("https://www.organization.immuta.com", `http://127.0.0.1:${place.httpPort}`)
    .replace("846e9e43c86a4ct1be14290d95127d13f", key)
    .replaceAll("organization.aws.amazon.com", host)
    .replace("{id}", id)
  const { stdout } = await run("sh", ["-c", `${text} -sS --max-time 60 -w '\n%{http_code}'`])
  const at = stdout.lastIndexOf("\n")
  const body = stdout.slice(0, at)
  return { status: Number(stdout.slice(at + 1)), body: body.startsWith("-- ") ? body : JSON.parse(body) }
}

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
    await server.query('DROP ROLE IF EXISTS "taylor@redshift.com"')
  }
  await clean()
  await server.query("CREATE DATABASE redshift_sample_data")
  await server.query(`CREATE USER "taylor@redshift.com" SUPERUSER PASSWORD '${password}'`)
  await atPublishedPort(t, database.url)
  const place = await newPlace(t, { sources: [] })
  t.after(async () => {
    await clean()
    await server.end()
    await database.drop()
  })
  await place.start()
  const key = await apiKey(place)
  const call = (name: keyof typeof publishedCalls, id?: string) =>
    printed(place, key, { call: publishedCalls[name], ...(id !== undefined && { id }) })
  const calls: Calls = {
    url: database.url,
    call,
    becomes: (id, status) =>
      waitUntil(async () => (await call("get", id)).body.status === status, { what: `status ${status}` }),
  }
  await automatically(calls)
  // The scripts make the account themselves.
  await server.query('DROP ROLE "taylor@redshift.com"')
  await byHand(calls)
  await holdsNoSecret(place)
})

interface Calls {
  url: string
  call(name: keyof typeof publishedCalls, id?: string): Promise<Answer>
  becomes(id: string, status: string): Promise<unknown>
}

async function automatically({ url, call, becomes }: Calls): Promise<void> {
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
  for (const [name, at] of [["updateAutomaticByOkta", id]] as const)
    assert.match((await call(name, at)).body.message, /^Validation failed: Initial Validation: Okta Token: /)
  const owner = await ownerOfManaged(url, id)
  assert.equal((await call("remove", id)).body.status, "deleting")
  await waitUntil(async () => (await call("get", id)).status === 404, { what: "the integration to go" })
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

async function byHand({ url: serverUrl, call, becomes }: Calls): Promise<void> {
  const script = async (name: keyof typeof publishedCalls, into: string) => {
    const { status, body } = await call(name)
    assert.equal(status, 200)
    assert.equal(body, (await call(name)).body)
    assert.ok(!body.includes(password))
    const url = new URL(serverUrl)
    url.pathname = `/${into}`
    for (const statement of String(body).split(";\n\n")) await rowsOf(url.href, statement)
  }
  await script("initialScript", "redshift_sample_data")
  await scriptInOneSession(serverUrl, (await call("createScript")).body)
  const manual = await call("createManual")
  assert.equal(manual.status, 200, JSON.stringify(manual.body))
  await becomes(manual.body.id, "enabled")
  for (const name of [
    "createAutomaticByOkta",
    "initialScriptByOkta",
    "createScriptByOkta",
    "createManualByOkta",
  ] as const) {
    const { status, body } = await call(name)
    // The host has an integration, which is looked at first where one would be made.
    assert.deepEqual(
      [status, body.statusCode],
      name.startsWith("create") && !name.includes("Script") ? [409, 409] : [422, 422],
    )
  }
  for (const name of ["editScriptByOkta", "updateManualByOkta"] as const)
    assert.equal((await call(name, manual.body.id)).status, 422)
  assert.match(
    (await call("remove", manual.body.id)).body.message,
    /^Credentials are not required for disable unless/,
  )
}

/** As psql does: one session, one statement after another. */
async function scriptInOneSession(url: string, script: string): Promise<void> {
  const address = new URL(url)
  address.pathname = "/immuta"
  const session = new pg.Client({ connectionString: address.href })
  await session.connect()
  try {
    for (const statement of script.split(";\n\n")) await session.query(statement)
  } finally {
    await session.end()
  }
}

/** The state database, every file of the data folder, everything that was printed. */
async function holdsNoSecret(place: Place): Promise<void> {
  const tables = await rowsOf(
    place.stateUrl ?? "",
    "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
  )
  assert.ok(tables.length > 20)
  const kept: [string, string][] = [["the log", place.output()]]
  for (const { name } of tables) {
    const rows = await rowsOf(place.stateUrl ?? "", `SELECT t::text AS row FROM ${name} t`)
    kept.push([String(name), rows.map(({ row }) => row).join("\n")])
  }
  for (const entry of await readdir(place.dataDir, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) kept.push([entry.name, await readFile(join(entry.parentPath, entry.name), "latin1")])
  const forms = [
    password,
    Buffer.from(password).toString("base64").replace(/=*$/, ""),
    Buffer.from(password).toString("hex"),
  ]
  for (const [where, text] of kept)
    for (const form of forms) assert.ok(!text.includes(form), `${where} holds the password`)
}
