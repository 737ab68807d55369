/** Each finding of `check` about a PostgreSQL warehouse: it appears alone, its remedy is carried out, and it is gone. */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { startEmbeddedPostgres } from "../../../src/embedded-postgres/server.ts"
import { inspectServer } from "../../../src/warehouses/postgres/preflight/inspect-server.ts"
import { atEnd } from "../../e2e/clean-up.ts"
import { noSmallDisk, smallDisk } from "../../e2e/small-disk.ts"
import { onServer } from "../../support/postgres/standby.ts"
import { type TestServer, testServer } from "../../support/postgres.ts"

type Layout = "databases" | "schemas"

const unknownSpace = /free disk space is not known: only a superuser may ask/

/** One for the file: nothing of a test outlasts it. */
let shared: Promise<TestServer> | undefined
const server = () => {
  shared ??= testServer()
  return shared
}

/** A role that may just make what the layout needs; `attributes`: other than that. */
async function roleUrl(layout: Layout, attributes?: string): Promise<string> {
  const { url } = await server()
  const rights = attributes ?? (layout === "databases" ? "CREATEDB CREATEROLE" : "CREATEROLE")
  await onServer(url(), `DROP DATABASE IF EXISTS d`)
  await onServer(url(), `DROP ROLE IF EXISTS "the role"`)
  await onServer(url(), `CREATE ROLE "the role" LOGIN PASSWORD 'p' ${rights}`)
  await onServer(url(), `CREATE DATABASE d`)
  if (layout === "schemas") await onServer(url(), `GRANT CREATE ON DATABASE d TO "the role"`)
  const address = new URL(url("d"))
  address.username = "the role"
  address.password = "p"
  return address.href
}

/** All but the note on space, which only a superuser is spared. */
async function findings(url: string, layout: Layout = "databases") {
  const all = await inspectServer({ url, layout })
  return all.filter(({ severity }) => severity !== "note")
}

/** The statement in a remedy. */
function statementOf(remedy: string | undefined): string {
  const [, statement] = /((?:ALTER|CREATE|GRANT) .*?;)/.exec(remedy ?? "") ?? []
  if (statement === undefined) throw new Error(`no statement in: ${remedy}`)
  return statement
}

/** The only finding is this one; once its statement has run as a superuser, there is none. */
async function isMended(url: string, layout: Layout, what: RegExp): Promise<void> {
  const [finding, ...others] = await findings(url, layout)
  assert.match(finding?.what ?? "none", what)
  assert.deepEqual(others, [])
  const { pathname } = new URL(url)
  await onServer((await server()).url(pathname.slice(1)), statementOf(finding?.remedy))
  assert.deepEqual(await findings(url, layout), [])
}

for (const layout of ["databases", "schemas"] as const)
  test(`a role with the rights for ${layout} lacks nothing; that its space is not known is said`, async () => {
    const url = await roleUrl(layout)
    assert.deepEqual(await findings(url, layout), [])
    const notes = await inspectServer({ url, layout })
    assert.deepEqual(
      notes.map(({ severity }) => severity),
      ["note"],
    )
    assert.match(notes[0]?.what ?? "", unknownSpace)
  })

test("a role that may not make databases", async () =>
  isMended(await roleUrl("databases", "CREATEROLE"), "databases", /may not make databases/))

test("a role that may not make databases needs nothing more with schemas, as the remedy says", async () => {
  const url = await roleUrl("schemas")
  const [finding] = await findings(url, "databases")
  assert.match(finding?.remedy ?? "", /or set layout: schemas/)
  assert.deepEqual(await findings(url, "schemas"), [])
})

test("a role that may not make schemas", async () => {
  const url = await roleUrl("schemas")
  await onServer((await server()).url(), 'REVOKE CREATE ON DATABASE d FROM "the role"')
  await isMended(url, "schemas", /may not make schemas in database d/)
})

test("a role for readers that is missing, and cannot be made", async () => {
  const url = await roleUrl("databases", "CREATEDB")
  await isMended(url, "databases", /no role millrace_reader/)
  await onServer((await server()).url(), "DROP ROLE millrace_reader")
})

test("a role whose own connections are too few", async () => {
  const url = await roleUrl("databases", "CREATEDB CREATEROLE CONNECTION LIMIT 5")
  await isMended(url, "databases", /may have 5 connections/)
})

test("an encoding that lacks characters", async () => {
  const { url } = await server()
  await onServer(
    url(),
    "CREATE DATABASE narrow ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc TEMPLATE template0",
  )
  const [finding, ...others] = await findings(url("narrow"), "schemas")
  assert.match(finding?.what ?? "none", /encoding of database narrow is SQL_ASCII/)
  assert.deepEqual(others, [])
  await onServer(url(), statementOf(finding?.remedy).replace("…", "wide"))
  assert.deepEqual(await findings(url("wide"), "schemas"), [])
})

test("a password that is wrong", async () => {
  const url = new URL(await roleUrl("databases"))
  url.password = "wrong"
  const [finding] = await findings(url.href)
  assert.equal(finding?.severity, "error")
  assert.match(finding?.what ?? "", /password authentication failed/)
  url.password = "p"
  assert.deepEqual(await findings(url.href), [])
})

test("too few connections, and a standby", async () => {
  const own = await server()
  await onServer(own.url(), "ALTER SYSTEM SET max_connections = 10")
  await own.stop()
  await own.restart()
  const url = own.url()
  const [few, ...others] = await findings(url)
  assert.match(few?.what ?? "none", /of 10 connections are free/)
  assert.deepEqual(others, [])
  await onServer(url, statementOf(few?.remedy))
  const { rows } = await onServer(url, "SHOW data_directory")
  await own.stop()
  const data = String(rows[0]?.data_directory)
  await writeFile(join(data, "standby.signal"), "")
  execFileSync("chown", ["--reference", join(data, "PG_VERSION"), join(data, "standby.signal")])
  await own.restart()
  const [standby, ...more] = await findings(own.url())
  assert.match(standby?.what ?? "none", /is a standby/)
  assert.deepEqual(more, [])
  await onServer(own.url(), "SELECT pg_promote(true, 60)")
  assert.deepEqual(await findings(own.url()), [])
})

test("a disk that is nearly full is told of to a superuser, until there is room", {
  skip: noSmallDisk ?? false,
}, async (context) => {
  const disk = await smallDisk(context, 3 * 2 ** 30)
  const folder = join(disk.folder, "server")
  await mkdir(folder)
  const own = await startEmbeddedPostgres({ folder, settings: { fsync: false, shared_buffers: "32MB" } })
  atEnd(context, own.stop)
  assert.deepEqual(await inspectServer({ url: own.url(), layout: "databases" }), [])
  execFileSync("mount", ["-o", "remount,size=700m", disk.folder])
  const [full, ...others] = await inspectServer({ url: own.url(), layout: "databases" })
  assert.match(full?.what ?? "none", /^\d+ MiB are free where the server's data are/)
  assert.deepEqual(others, [])
  execFileSync("mount", ["-o", "remount,size=3g", disk.folder])
  assert.deepEqual(await inspectServer({ url: own.url(), layout: "databases" }), [])
})
