import assert from "node:assert/strict"
import { test } from "node:test"
import { mysqlProducts, mysqlServer } from "../../support/mysql/fixtures.ts"
import { mysqlPipeline } from "../../support/mysql/pipeline.ts"
import type { MysqlProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"
import { waitUntil } from "../../support/wait-until.ts"

/** How a server of this product is made a replica that keeps a log of its own, and how it is waited for. */
const replication = {
  MariaDB: {
    settings: { "log-slave-updates": "ON" },
    follow: (port: number) =>
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'repl', MASTER_PASSWORD = 'x', MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos`,
    start: "START SLAVE",
    stop: "STOP SLAVE",
    place: "SELECT @@gtid_binlog_pos",
    reached: (place: string) => `SELECT MASTER_GTID_WAIT('${place}', 30)`,
  },
  MySQL: {
    settings: { "log-replica-updates": "ON" },
    follow: (port: number) =>
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${port}, SOURCE_USER = 'repl', SOURCE_PASSWORD = 'x', SOURCE_CONNECT_RETRY = 1, SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
    start: "START REPLICA",
    stop: "STOP REPLICA",
    place: "SELECT @@gtid_executed",
    reached: (place: string) => `SELECT WAIT_FOR_EXECUTED_GTID_SET('${place}', 30)`,
  },
} as const

interface Pair {
  first: MysqlServer
  second: MysqlServer
  replicated(): Promise<void>
  /** The second follows the first no more. */
  part(): Promise<void>
}

/** Two servers, the second a replica of the first. */
async function pair(product: MysqlProduct): Promise<Pair> {
  const { settings, follow, start, stop, place, reached } = replication[product.name]
  const first = await mysqlServer(product)
  const second = await mysqlServer(product, { "server-id": "2", "log-bin": "other", ...settings })
  await first.sql("CREATE USER repl@'%' IDENTIFIED BY 'x'", "GRANT REPLICATION SLAVE ON *.* TO repl@'%'")
  await second.sql(follow(first.port), start)
  return {
    first,
    second,
    async replicated() {
      const [[position] = []] = await first.rows(place)
      const [[answer] = []] = await second.rows(reached(position ?? ""))
      assert.equal(answer, "0")
    },
    part: () => second.sql(stop),
  }
}

const select = ({ schema }: { schema: string }) => schema === "shop"

for (const product of mysqlProducts)
  test(`${product.label}: a stream goes on at another server that has the same transactions`, {
    skip: product.missing() ?? false,
  }, async () => {
    const { first, second, replicated, part } = await pair(product)
    await first.sql(
      "CREATE DATABASE shop",
      "USE shop",
      "CREATE TABLE t (id int PRIMARY KEY, v text)",
      `INSERT INTO t SELECT seq, 'first' FROM ${product.numbers(1000)}`,
    )
    const before = await mysqlPipeline({ server: first, select })
    await first.sql("UPDATE shop.t SET v = 'streamed' WHERE id < 100")
    assert.deepEqual(await before.differences(["shop"]), [])
    await before.stop()
    await first.sql("DELETE FROM shop.t WHERE id = 500", "INSERT INTO shop.t VALUES (2000, 'while away')")
    await replicated()
    await first.kill9()
    await part()
    await second.sql("INSERT INTO shop.t VALUES (3000, 'second')")
    const after = await mysqlPipeline({ server: second, select, continues: before })
    assert.deepEqual(await after.differences(["shop"]), [])
    assert.deepEqual(after.reports.copied, [], "without a copy")
    assert.deepEqual(after.reports.problems, [])
    await after.stop()
  })

for (const product of mysqlProducts)
  test(`${product.label}: a server that lacks our last transactions is another history: everything is resynced`, {
    skip: product.missing() ?? false,
  }, async () => {
    const { first, second, replicated, part } = await pair(product)
    await first.sql("CREATE DATABASE shop", "CREATE TABLE shop.t (id int PRIMARY KEY, v text)")
    await replicated()
    await part()
    const before = await mysqlPipeline({ server: first, select })
    await first.sql(
      "INSERT INTO shop.t VALUES (1, 'only at the first')",
      "INSERT INTO shop.t VALUES (2, 'so is this')",
    )
    await before.settle()
    await before.stop()
    // As many transactions, and more: numbers alone would not tell.
    for (let id = 10; id < 15; id++) await second.sql(`INSERT INTO shop.t VALUES (${id}, 'second')`)
    const after = await mysqlPipeline({ server: second, select, continues: before })
    await waitUntil(() => after.reports.copied.includes("shop.t"), { what: "the resync" })
    assert.deepEqual(await after.differences(["shop"]), [])
    // By the stream, and by a copy beside it that breaks off with it.
    assert.deepEqual([...new Set(after.reports.problems.map(({ kind }) => kind))], ["sourceHistoryLost"])
    await after.stop()
  })

for (const product of mysqlProducts)
  test(`${product.label}: a server that is killed and comes back: the stream goes on`, {
    skip: product.missing() ?? false,
  }, async () => {
    const server = await mysqlServer(product)
    await server.sql("CREATE DATABASE shop", "CREATE TABLE shop.t (id int PRIMARY KEY)")
    const pipeline = await mysqlPipeline({ server, select })
    const session = await server.session()
    for (let id = 0; id < 50; id++) await session.run(`INSERT INTO shop.t VALUES (${id})`)
    await server.kill9()
    await waitUntil(() => pipeline.reports.problems.length > 0, { what: "the outage to be noticed" })
    assert.equal(pipeline.reports.problems[0]?.kind, "sourceUnreachable")
    await server.restart()
    await server.sql("INSERT INTO shop.t VALUES (100)")
    await waitUntil(() => pipeline.streaming() !== undefined, {
      what: "the stream to go on",
      timeoutMs: 60_000,
    })
    assert.deepEqual(await pipeline.differences(["shop"]), [])
    assert.deepEqual(pipeline.reports.copied, ["shop.t"])
    await pipeline.stop()
  })

for (const product of mysqlProducts)
  test(`${product.label}: a log that was thrown away while nobody read it costs a resync`, {
    skip: product.missing() ?? false,
  }, async () => {
    const server = await mysqlServer(product)
    await server.sql(
      "CREATE DATABASE shop",
      "CREATE TABLE shop.t (id int PRIMARY KEY)",
      "INSERT INTO shop.t VALUES (1)",
    )
    const before = await mysqlPipeline({ server, select })
    await before.stop()
    await server.sql(
      "INSERT INTO shop.t VALUES (2)",
      "FLUSH BINARY LOGS",
      "INSERT INTO shop.t VALUES (3)",
      "FLUSH BINARY LOGS",
    )
    // The server keeps what it takes to be read until it notices that nobody does.
    await waitUntil(
      async () => {
        const files = await server.rows("SHOW BINARY LOGS")
        await server.sql(`PURGE BINARY LOGS TO '${files.at(-1)?.[0]}'`)
        return files.length === 1
      },
      { what: "the log to be gone" },
    )
    const after = await mysqlPipeline({ server, select, continues: before })
    assert.deepEqual(await after.differences(["shop"]), [])
    assert.deepEqual(
      after.reports.problems.map(({ kind }) => kind),
      ["sourceHistoryLost"],
    )
    await after.stop()
  })
