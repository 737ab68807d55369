import assert from "node:assert/strict"
import { test } from "node:test"
import { tableId } from "../../../src/sources/mysql/catalog.ts"
import { openMysqlSource } from "../../../src/sources/mysql/source.ts"
import { mysqlProducts, mysqlServer } from "../../support/mysql/fixtures.ts"
import { mysqlPipeline } from "../../support/mysql/pipeline.ts"
import { type MysqlProduct, mariaDbProduct, mysqlProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"
import { streamOf } from "../../support/pipeline.ts"
import { findingsButSpeed } from "../../support/quick-servers.ts"
import { waitUntil } from "../../support/wait-until.ts"

const select = ({ schema }: { schema: string }) => schema === "shop"
const everything = () => true

async function shop(product: MysqlProduct, settings: Record<string, string> = {}): Promise<MysqlServer> {
  const server = await mysqlServer(product, settings)
  await server.sql("CREATE DATABASE shop", "CREATE TABLE shop.t (id int PRIMARY KEY, v text)")
  await server.sql("INSERT INTO shop.t VALUES (1, 'first')")
  return server
}

async function findings(url: string): Promise<string[]> {
  const found = findingsButSpeed(await openMysqlSource({ url }).preflight(everything))
  return found.map(({ severity, what, remedy }) => `${severity}: ${what} ${remedy}`)
}

for (const product of mysqlProducts) {
  const skip = product.missing() ?? false

  test(`${product.label}: a setting that was wrong for a moment costs a copy of the tables it hid`, {
    skip,
  }, async () => {
    const server = await shop(product)
    await server.sql("CREATE TABLE shop.u (id int PRIMARY KEY)", "INSERT INTO shop.u VALUES (1)")
    const pipeline = await mysqlPipeline({ server, select })
    await server.sql("SET GLOBAL binlog_row_metadata = MINIMAL", "INSERT INTO shop.t VALUES (2, 'hidden')")
    await server.sql("SET GLOBAL binlog_row_metadata = FULL", "INSERT INTO shop.t VALUES (3, 'told')")
    assert.deepEqual(await pipeline.differences(["shop"]), [])
    assert.equal(pipeline.reports.copied.filter((table) => table === "shop.u").length, 1)
    await pipeline.stop()
    await server.sql("SET GLOBAL binlog_row_metadata = MINIMAL", "INSERT INTO shop.t VALUES (4, 'hidden')")
    await server.sql("SET GLOBAL binlog_row_metadata = FULL")
    const after = await mysqlPipeline({ server, select, continues: pipeline })
    assert.deepEqual(await after.differences(["shop"]), [])
    await after.stop()
  })

  test(`${product.label}: while a setting is wrong a copy waits and says so, and its neighbours go on`, {
    skip,
  }, async () => {
    const server = await shop(product)
    await server.sql("CREATE TABLE shop.u (id int PRIMARY KEY)")
    const pipeline = await mysqlPipeline({ server, select })
    await server.sql("SET GLOBAL binlog_row_metadata = MINIMAL", "INSERT INTO shop.t VALUES (2, 'hidden')")
    await waitUntil(() => pipeline.reports.problems.some(({ kind }) => kind === "sourceSettings"), {
      what: "the copy to say what it waits for",
      timeoutMs: 60_000,
    })
    await server.sql("SET GLOBAL binlog_row_metadata = FULL", "INSERT INTO shop.u VALUES (1)")
    assert.deepEqual(await pipeline.differences(["shop"]), [])
    assert.deepEqual([...new Set(pipeline.reports.problems.map(({ kind }) => kind))], ["sourceSettings"])
    await pipeline.stop()
  })

  test(`${product.label}: a database that the log leaves out is refused, and comes when it no longer is`, {
    skip,
  }, async () => {
    const server = await shop(product, { "binlog-ignore-db": "logs" })
    await server.sql("CREATE DATABASE logs", "CREATE TABLE logs.t (id int PRIMARY KEY)")
    const both = ({ schema }: { schema: string }) => schema === "shop" || schema === "logs"
    assert.match((await findings(server.url)).join(), /Table logs\.t will not .*binlog_ignore_db/)
    const before = await mysqlPipeline({ server, select: both })
    assert.deepEqual(before.reports.copied, ["shop.t"])
    await before.stop()
    await server.restart({ "binlog-ignore-db": "elsewhere" })
    const after = await mysqlPipeline({ server, select: both, continues: before })
    await server.sql("INSERT INTO logs.t VALUES (1)")
    assert.deepEqual(await after.differences(["shop", "logs"]), [])
    await after.stop()
    await server.restart({ "binlog-do-db": "logs" })
    assert.match((await findings(server.url)).join(), /Table shop\.t will not .*binlog_do_db/)
  })

  test(`${product.label}: a replica whose log has nothing of its source is refused`, { skip }, async () => {
    const [off, replicate] =
      product.name === "MySQL"
        ? [
            { "log-replica-updates": "OFF" },
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1",
          ]
        : [{ "log-slave-updates": "OFF" }, "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1"]
    const server = await shop(product, off)
    assert.doesNotMatch((await findings(server.url)).join(), /replica/)
    const pipeline = await mysqlPipeline({ server, select })
    const { position } = await openMysqlSource({ url: server.url }).openSnapshot(
      "millrace_hidden",
      select,
      new Map(),
    )
    await pipeline.stop()
    await server.sql(replicate)
    assert.match(
      (await findings(server.url)).join(),
      /error: The server is a replica with log_\w+_updates = OFF/,
    )
    const source = openMysqlSource({ url: server.url })
    assert.equal(await source.history("millrace_hidden", position), "lost")
  })

  test(`${product.label}: what keeps our user out is told by its name, with what to do`, {
    skip,
  }, async () => {
    const server = await shop(product)
    const isMysql = product.name === "MySQL"
    const url = server.url.replace("root@", "app:x@")
    const problem = async () => {
      try {
        await openMysqlSource({ url }).currentPosition()
      } catch (error) {
        return error as Error & { kind: string }
      }
      return undefined
    }
    await server.sql(
      "CREATE USER app@'%' IDENTIFIED BY 'x'",
      "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO app@'%'",
    )
    assert.equal(await problem(), undefined)
    const cases = [
      [
        "ALTER USER app@'%' ACCOUNT LOCK",
        "ALTER USER app@'%' ACCOUNT UNLOCK",
        "sourceRefusedLogin",
        /ACCOUNT UNLOCK/,
      ],
      [
        "ALTER USER app@'%' PASSWORD EXPIRE",
        "ALTER USER app@'%' IDENTIFIED BY 'x'",
        "sourceRefusedLogin",
        /PASSWORD EXPIRE/,
      ],
      [
        "SET GLOBAL require_secure_transport = ON",
        "SET GLOBAL require_secure_transport = OFF",
        isMysql ? "sourceTls" : "sourceRefusedLogin",
        /TLS.*mode: require/,
      ],
      [
        "ALTER USER app@'%' WITH MAX_QUERIES_PER_HOUR 1",
        "ALTER USER app@'%' WITH MAX_QUERIES_PER_HOUR 0",
        "sourceUnreachable",
        /at a limit/,
      ],
      ...(isMysql
        ? ([
            [
              "SET GLOBAL offline_mode = ON",
              "SET GLOBAL offline_mode = OFF",
              "sourceUnreachable",
              /offline_mode = OFF/,
            ],
          ] as const)
        : []),
    ] as const
    const session = await server.session()
    for (const [wrong, right, kind, told] of cases) {
      await session.run(wrong)
      const met = await problem()
      await session.run(right)
      assert.equal(met?.kind, kind, `${wrong}: ${met?.message}`)
      assert.match(met?.message ?? "", told)
      assert.doesNotMatch(met?.message ?? "", /unexpected/)
    }
    await session.run("SET GLOBAL read_only = ON")
    assert.equal(await problem(), undefined)
    session.close()
  })
}

test("a user without RELOAD copies from MySQL, also while a backup holds its lock", {
  skip: mysqlProduct.missing() ?? false,
}, async () => {
  const server = await shop(mysqlProduct)
  await server.sql(
    "CREATE USER app@'%' IDENTIFIED BY 'x'",
    "GRANT SELECT, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO app@'%'",
  )
  const url = server.url.replace("root@", "app:x@")
  assert.deepEqual(await findings(url), [])
  const backup = await server.session()
  await backup.run("LOCK INSTANCE FOR BACKUP")
  const pipeline = await mysqlPipeline({ server, select, url })
  await server.sql("INSERT INTO shop.t VALUES (2, 'x')")
  assert.deepEqual(await pipeline.differences(["shop"]), [])
  await pipeline.stop()
  backup.close()
})

const stepsTo = {
  ON: ["SET GLOBAL enforce_gtid_consistency = ON", "OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"],
  OFF: ["ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF"],
}

async function turnGtids(server: MysqlServer, to: "ON" | "OFF"): Promise<void> {
  for (const step of stepsTo[to])
    await server.sql(step.startsWith("SET") ? step : `SET GLOBAL gtid_mode = ${step}`)
}

test("GTIDs turned on and off, step by step: what comes later still comes", {
  skip: mysqlProduct.missing() ?? false,
}, async () => {
  const server = await shop(mysqlProduct, { "gtid-mode": "OFF", "enforce-gtid-consistency": "OFF" })
  const first = await mysqlPipeline({ server, select })
  await turnGtids(server, "ON")
  await server.sql(
    "ALTER TABLE shop.t ADD w int",
    "INSERT INTO shop.t VALUES (2, 'x', 2)",
    "CREATE TABLE shop.n (id int PRIMARY KEY)",
    "INSERT INTO shop.n VALUES (1)",
  )
  assert.deepEqual(await first.differences(["shop"]), [])
  await (await streamOf(first)).resync([tableId("shop", "n")])
  await waitUntil(() => first.reports.copied.filter((table) => table === "shop.n").length === 2, {
    what: "the copy that was asked for",
    timeoutMs: 60_000,
  })
  await first.stop()
  const second = await mysqlPipeline({ server, select, continues: first })
  await server.sql("ALTER TABLE shop.n ADD w int", "INSERT INTO shop.n VALUES (2, 2)")
  assert.deepEqual(await second.differences(["shop"]), [])
  await second.stop()
  const fresh = await mysqlPipeline({ server, select })
  await turnGtids(server, "OFF")
  await server.sql("INSERT INTO shop.t VALUES (3, 'x', 3)")
  assert.deepEqual(await fresh.differences(["shop"]), [])
  await fresh.stop()
})

test("a MariaDB that is not a replica logs what it does itself: log_slave_updates is no matter", {
  skip: mariaDbProduct.missing() ?? false,
}, async () => {
  const server = await shop(mariaDbProduct, { "log-slave-updates": "OFF" })
  assert.deepEqual(await findings(server.url), [])
})
