import assert from "node:assert/strict"
import { test } from "node:test"
import { openMysqlSource } from "../../../src/sources/mysql/source.ts"
import { mysqlProducts, mysqlServer } from "../../support/mysql/fixtures.ts"
import { type MysqlProduct, mariaDbProduct, newerMariaDbProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"
import { findingsButSpeed } from "../../support/quick-servers.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { describeSource } from "./source.ts"
import { recordingSink } from "./source-sink.ts"
import type { SourceTraits, SourceUnderTest } from "./source-under-test.ts"

const everything = () => true

const ownSchemas = ["mysql", "information_schema", "performance_schema", "sys"]

const traits: SourceTraits = {
  copies: "in the snapshot",
  transactions: "of the source",
  tables: "many",
  alteration: "leaves",
  removal: "ends the stream",
}

/** The source is the whole server: every case begins with an empty one. */
async function emptied(server: MysqlServer): Promise<SourceUnderTest> {
  const names = (await server.rows("SHOW DATABASES")).map(([name]) => name ?? "")
  const strangers = names.filter((name) => !ownSchemas.includes(name))
  await server.sql(...strangers.map((name) => `DROP DATABASE ${name}`), "CREATE DATABASE contract")
  const { numbers } = server.product
  const session = await server.session()
  await session.run("USE contract")
  return {
    source: openMysqlSource({ url: server.url }),
    port: server.port,
    moved: (to) => openMysqlSource({ url: to(server.url) }),
    traits,
    longestSilenceMs: 2_500,
    makeTable: async (name, rows) => {
      await session.run(`CREATE TABLE ${name} (id int PRIMARY KEY, v text)`)
      if (rows > 0) await session.run(`INSERT INTO ${name} SELECT seq, 'v' FROM ${numbers(rows)}`)
    },
    insert: (name, id) => session.run(`INSERT INTO ${name} (id, v) VALUES (${id}, 'v')`),
    remove: (name, id) => session.run(`DELETE FROM ${name} WHERE id = ${id}`),
    alter: (name) => session.run(`ALTER TABLE ${name} ADD COLUMN added int`),
    writeElsewhere: () =>
      server.sql(
        "CREATE DATABASE IF NOT EXISTS elsewhere",
        "CREATE TABLE IF NOT EXISTS elsewhere.t (v text)",
        "USE elsewhere",
        `INSERT INTO t SELECT repeat('x', 1000) FROM ${numbers(20_000)}`,
      ),
    leftovers: async () => [],
    loseHistory: () => server.sql(server.product.resetLog),
    close: async () => session.close(),
  }
}

const servers = new Map<string, Promise<MysqlServer>>()

/** One per product, for all cases of the contract. */
function sharedServer(product: MysqlProduct): Promise<MysqlServer> {
  const server = servers.get(product.label) ?? mysqlServer(product, { "net-write-timeout": "2" })
  servers.set(product.label, server)
  return server
}

for (const product of [...mysqlProducts, newerMariaDbProduct])
  describeSource(product.label, async () => {
    const skip = product.missing()
    return skip === undefined ? emptied(await sharedServer(product)) : { skip }
  })

const skip = mariaDbProduct.missing() ?? false

async function findings(url: string): Promise<string[]> {
  const source = openMysqlSource({ url })
  return (await source.preflight(() => true)).map(
    ({ severity, what, remedy }) => `${severity}: ${what} → ${remedy}`,
  )
}

test("a server that cannot replicate: each setting is named with what mends it, and that suffices", {
  skip,
}, async () => {
  const unfit = await mysqlServer(mariaDbProduct, {
    "binlog-format": "MIXED",
    "binlog-row-image": "MINIMAL",
    "binlog-row-metadata": "MINIMAL",
    "binlog-expire-logs-seconds": "3600",
    "sync-binlog": "0",
    "innodb-flush-log-at-trx-commit": "2",
  })
  const found = await findings(unfit.url)
  const expected = [
    /^error: binlog_format is MIXED\. → SET GLOBAL binlog_format = 'ROW';/,
    /^error: binlog_row_image is MINIMAL\. → SET GLOBAL binlog_row_image = 'FULL';/,
    /^error: binlog_row_metadata is MINIMAL\. → SET GLOBAL binlog_row_metadata = 'FULL';/,
    /^warning: The server throws its log away after 3600 s.* → SET GLOBAL binlog_expire_logs_seconds/,
    /^warning: sync_binlog is 0: a crash .* → SET GLOBAL sync_binlog = 1;/,
    /^warning: innodb_flush_log_at_trx_commit is 2: a crash .* → SET GLOBAL innodb_flush_log_at_trx_commit = 1;/,
  ]
  assert.equal(found.length, expected.length, found.join("\n"))
  for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? "", pattern)
  for (const line of found) await unfit.sql(/→ (.*?);/.exec(line)?.[1] ?? "")
  assert.deepEqual(await findings(unfit.url), [])
})

test("a server without a log", { skip }, async () => {
  const silent = await mysqlServer(mariaDbProduct, { "skip-log-bin": "1" })
  const found = (await findings(silent.url)).filter((finding) => !finding.startsWith("warning"))
  assert.equal(found.length, 1)
  assert.match(found[0] ?? "", /^error: log_bin is off.* → Start the server with log_bin/)
})

test("a user without rights: each is named with the statement that grants it, and those suffice", {
  skip,
}, async () => {
  const own = await mysqlServer(mariaDbProduct)
  await own.sql(
    "CREATE DATABASE d",
    "CREATE TABLE d.t (id int PRIMARY KEY)",
    "INSERT INTO d.t VALUES (1)",
    "CREATE USER app@'%' IDENTIFIED BY 'secret-of-app'",
    "GRANT INSERT ON d.* TO app@'%'",
  )
  const url = own.url.replace("root@", "app:secret-of-app@")
  const source = openMysqlSource({ url })
  const found = findingsButSpeed(await source.preflight(everything))
  assert.deepEqual(
    found.map(({ severity, what }) => `${severity}: ${what}`),
    [
      "error: User 'app'@'%' lacks the privilege REPLICATION SLAVE.",
      "error: User 'app'@'%' lacks the privilege BINLOG MONITOR.",
      "error: User 'app'@'%' may not read d.t.",
    ],
  )
  for (const { remedy } of found) await own.sql(remedy)
  assert.deepEqual(findingsButSpeed(await source.preflight(everything)), [])
  const snapshot = await source.openSnapshot("millrace_rights", everything, new Map())
  const { tables } = snapshot
  await snapshot.close()
  const sink = recordingSink()
  const stream = await source.stream({
    handle: "millrace_rights",
    from: snapshot.position,
    select: everything,
    tables: tables.map(({ schema }) => schema),
    sink,
  })
  await own.sql("INSERT INTO d.t VALUES (2)")
  await waitUntil(() => sink.transactions.length === 1, { what: "the row" })
  assert.equal(await source.history("millrace_rights", snapshot.position), "kept")
  await stream.stop()
  await source.remove("millrace_rights")
})

test("a wrong password, port: a Problem that says so and holds no secret", { skip }, async () => {
  const { url } = await sharedServer(mariaDbProduct)
  const cases: [string, string][] = [
    [url.replace("root@", "nobody:hidden-word@"), "sourceRefusedLogin"],
    ["mysql://nobody:hidden-word@127.0.0.1:1/", "sourceUnreachable"],
  ]
  for (const [wrong, kind] of cases)
    await assert.rejects(
      openMysqlSource({ url: wrong }).preflight(everything),
      (error: Error & { kind?: string }) => {
        assert.equal(error.kind, kind)
        assert.doesNotMatch(`${error.message} ${error.stack}`, /hidden-word/)
        return true
      },
    )
})
