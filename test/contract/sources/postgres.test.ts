import assert from "node:assert/strict"
import { test } from "node:test"
import { connect } from "../../../src/sources/postgres/client.ts"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { runSql } from "../../support/pipeline.ts"
import { type TestServer, testServer } from "../../support/postgres.ts"
import { findingsButSpeed } from "../../support/quick-servers.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { contractSettings, inDatabaseOf } from "./postgres-under-test.ts"
import { describeSource } from "./source.ts"

let embedded: Promise<TestServer> | undefined

describeSource("PostgreSQL 18", async () => {
  embedded ??= testServer(contractSettings)
  return inDatabaseOf(await embedded)
})

async function findings(url: string, database: string): Promise<string[]> {
  const source = openPostgresSource({ url, database })
  return findingsButSpeed(await source.preflight(() => true)).map(
    ({ severity, what, remedy }) => `${severity}: ${what} → ${remedy}`,
  )
}

test("a server that cannot replicate: each setting is named with what mends it", async () => {
  const server = await testServer({ wal_level: "replica", max_replication_slots: 0, max_wal_senders: 0 })
  const found = await findings(server.url(), "postgres")
  assert.equal(found.length, 3)
  assert.match(found[0] ?? "", /^error: wal_level is replica\. → ALTER SYSTEM SET wal_level = 'logical'/)
  assert.match(
    found[1] ?? "",
    /^error: All 0 replication slots are taken\. → ALTER SYSTEM SET max_replication_slots/,
  )
  assert.match(found[2] ?? "", /^error: All 0 WAL senders are taken\. → ALTER SYSTEM SET max_wal_senders/)
  await server.remove()
})

test("slots that are all taken, and a budget that is small", async () => {
  const server = await testServer({ max_replication_slots: 1, max_slot_wal_keep_size: "64MB" })
  await runSql(server.url(), "SELECT pg_create_logical_replication_slot('theirs', 'pgoutput')")
  const found = await findings(server.url(), "postgres")
  assert.equal(found.length, 2)
  assert.match(found[0] ?? "", /^error: All 1 replication slots are taken\..*drop an unused slot/)
  assert.match(found[1] ?? "", /^warning: max_slot_wal_keep_size is 64 MB/)
  await server.remove()
})

test("a server that a crash of its machine can put back or damage: each setting is named with what mends it", async () => {
  const server = await testServer({ ...contractSettings, fsync: false, full_page_writes: false })
  const source = openPostgresSource({ url: server.url(), database: "postgres" })
  for (const name of ["fsync", "full_page_writes"]) {
    const [found, ...more] = await source.preflight(() => true)
    assert.deepEqual(more, [])
    assert.match(found?.what ?? "", new RegExp(`^${name} is off: .*a crash of the server's machine`))
    await runSql(server.url(), ...(found?.remedy.split(";") ?? []))
    await waitUntil(async () => (await shown(server.url(), name)) === "on", {
      what: "the setting to be read",
    })
  }
  assert.deepEqual(await source.preflight(() => true), [])
  await server.remove()
})

test("standbys that commits wait for: refused where Millrace would be one of them", async () => {
  const server = await testServer(contractSettings)
  const found = async (names: string) => {
    await runSql(
      server.url(),
      "SET synchronous_commit = local",
      `ALTER SYSTEM SET synchronous_standby_names = '${names}'`,
    )
    await runSql(server.url(), "SELECT pg_reload_conf()")
    await waitUntil(async () => (await shown(server.url(), "synchronous_standby_names")) === names, {
      what: "the setting to be read",
    })
    return findings(server.url(), "postgres")
  }
  for (const names of ["*", "FIRST 1 (standby_a, *)", 'ANY 2 ("Millrace", b, c)'])
    assert.match(
      (await found(names))[0] ?? "",
      /^error: synchronous_standby_names is .* every commit would wait/,
    )
  for (const names of ["standby_a", "FIRST 1 (standby_a, standby_b)", ""])
    assert.deepEqual(await found(names), [])
  await server.remove()
})

async function shown(url: string, setting: string): Promise<string> {
  const client = await connect({ url, database: "postgres" })
  try {
    const { rows } = await client.query<{ value: string }>("SELECT current_setting($1) AS value", [setting])
    return rows[0]?.value ?? ""
  } finally {
    await client.end()
  }
}

test("a role without rights: each is named with the statement that grants it, and those statements suffice", async () => {
  const server = await testServer(contractSettings)
  await runSql(
    server.url(),
    "CREATE TABLE t (id int PRIMARY KEY)",
    "CREATE TABLE keyless (id int)",
    "CREATE ROLE app LOGIN PASSWORD 'secret-of-app'",
  )
  const url = new URL(server.url())
  url.username = "app"
  url.password = "secret-of-app"
  const source = openPostgresSource({ url: url.href, database: "postgres" })
  const found = findingsButSpeed(await source.preflight(() => true))
  const told = found.map(({ severity, what }) => `${severity}: ${what}`)
  assert.deepEqual(told, [
    "error: Role app may not replicate.",
    "error: Role app may not create a publication in postgres.",
    "error: Role app may not read t.",
    "error: Role app may not publish t: only its owner may.",
    "error: Role app may not read keyless.",
    "error: Role app may not publish keyless: only its owner may.",
  ])
  for (const { severity, remedy } of found) {
    // The statement of a remedy ends at its semicolon; what follows is another way.
    if (severity === "error") await runSql(server.url(), remedy.slice(0, remedy.indexOf(";")))
  }
  const left = findingsButSpeed(await source.preflight(() => true))
  assert.deepEqual(
    left.map(({ severity, what }) => `${severity}: ${what}`),
    ["warning: Table public.keyless will not be replicated."],
  )
  const snapshot = await source.openSnapshot("millrace_rights", () => true, new Map())
  await snapshot.close()
  await source.remove("millrace_rights")
  await server.remove()
})

test("a wrong password, database, port: a Problem that says so and holds no secret", async () => {
  const server = await testServer()
  const wrong = new URL(server.url())
  wrong.username = "nobody"
  wrong.password = "hidden-word"
  const cases: [string, string, string][] = [
    [wrong.href, "postgres", "sourceRefusedLogin"],
    [server.url(), "no_such_database", "sourceDatabaseMissing"],
    ["postgres://nobody:hidden-word@127.0.0.1:1", "postgres", "sourceUnreachable"],
  ]
  for (const [url, database, kind] of cases) {
    await assert.rejects(
      openPostgresSource({ url, database }).preflight(() => true),
      (error: Error & { kind?: string }) => {
        assert.equal(error.kind, kind)
        assert.doesNotMatch(`${error.message} ${error.stack}`, /hidden-word/)
        return true
      },
    )
  }
  await server.remove()
})

test("a partitioned table comes with a warning of what is not in the stream", async () => {
  const server = await testServer(contractSettings)
  await runSql(server.url(), "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)")
  const found = await findings(server.url(), "postgres")
  assert.equal(found.length, 1)
  assert.match(found[0] ?? "", /^warning: public\.p is partitioned.*not in the stream.*resynced/)
  await server.remove()
})

test("a url's own options cannot change the text forms that are read", async () => {
  const server = await testServer()
  await runSql(server.url(), "CREATE TABLE t (id int PRIMARY KEY)")
  const url = new URL(server.url())
  url.searchParams.set("options", "-c DateStyle=German -c TimeZone=Asia/Tokyo -c search_path=pg_catalog")
  const client = await connect({ url: url.href, database: "postgres" })
  const { rows } = await client.query(
    "SELECT '2024-02-01'::date::text AS d, current_setting('TimeZone') AS z",
  )
  assert.deepEqual(rows, [{ d: "2024-02-01", z: "UTC" }])
  await client.end()
  await server.remove()
})
