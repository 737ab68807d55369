import assert from "node:assert/strict"
import { test } from "node:test"
import { mysqlServer } from "../../support/mysql/fixtures.ts"
import { mysqlPipeline } from "../../support/mysql/pipeline.ts"
import { mariaDbProduct, mysqlProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"
import { waitUntil } from "../../support/wait-until.ts"

/** GTIDs that do not count up one by one: copies beside the stream still fit into it, and nothing waits for what never comes. */

const select = ({ schema }: { schema: string }) => schema === "shop"
const onMysql = { skip: mysqlProduct.missing() ?? false }
const onMariaDb = { skip: mariaDbProduct.missing() ?? false }

async function streamed(server: MysqlServer) {
  await server.sql(
    "CREATE DATABASE shop",
    "CREATE TABLE shop.t (id int PRIMARY KEY, v int)",
    "CREATE TABLE shop.k (v int)",
    "INSERT INTO shop.t VALUES (1, 1)",
    "INSERT INTO shop.k VALUES (1), (1)",
  )
  const pipeline = await mysqlPipeline({ server, select })
  return {
    pipeline,
    /** Has both tables copied beside the stream. */
    async recopied() {
      const before = pipeline.reports.copied.length
      await server.sql("ALTER TABLE shop.t ADD w int", "ALTER TABLE shop.k ADD w int")
      await waitUntil(() => pipeline.reports.copied.length >= before + 2, {
        what: "both tables to be resynced",
        timeoutMs: 60_000,
      })
    },
    isEqual: async () => assert.deepEqual(await pipeline.differences(["shop"]), []),
  }
}

test(
  "MySQL: gtid_purged set by hand while streaming: copies come, and so does all behind them",
  onMysql,
  async () => {
    const server = await mysqlServer(mysqlProduct)
    const { pipeline, recopied, isEqual } = await streamed(server)
    await server.sql("SET GLOBAL gtid_purged = '+11111111-1111-1111-1111-111111111111:1-1000'")
    await recopied()
    await server.sql(
      "INSERT INTO shop.t VALUES (2, 2, 2), (3, 3, 3)",
      "INSERT INTO shop.k VALUES (1, 1), (1, 1)",
    )
    await isEqual()
    await pipeline.stop()
  },
)

test("MariaDB: sequence numbers that go back: nothing behind a copy is lost", onMariaDb, async () => {
  const server = await mysqlServer(mariaDbProduct, { "gtid-strict-mode": "OFF" })
  const { pipeline, recopied, isEqual } = await streamed(server)
  await server.sql("SET gtid_seq_no = 500", "INSERT INTO shop.t VALUES (2, 2)")
  await recopied()
  await server.sql("SET gtid_seq_no = 100", "INSERT INTO shop.t VALUES (3, 3, 3)")
  await server.sql("INSERT INTO shop.t VALUES (4, 4, 4)", "INSERT INTO shop.k VALUES (1, 1), (1, 1)")
  for (const number of [101, 102, 103])
    await server.sql(
      `SET server_id = 7, gtid_seq_no = ${number}`,
      `INSERT INTO shop.t VALUES (${number}, 1, 1)`,
      `SET gtid_seq_no = ${number + 10}`,
      "INSERT INTO shop.k VALUES (2, 2)",
    )
  await isEqual()
  await pipeline.stop()
})

test(
  "MariaDB: a GTID domain that is deleted leaves the stream and its copies as they are",
  onMariaDb,
  async () => {
    const server = await mysqlServer(mariaDbProduct, { "gtid-strict-mode": "OFF" })
    await server.sql("CREATE DATABASE other")
    await server.sql(
      "SET gtid_domain_id = 5",
      ...Array.from({ length: 20 }, (_, i) => `CREATE TABLE other.x${i} (id int)`),
    )
    const { pipeline, recopied, isEqual } = await streamed(server)
    await server.sql("INSERT INTO shop.t VALUES (2, 2)", "FLUSH BINARY LOGS")
    await pipeline.settle()
    const [row] = await server.rows("SHOW MASTER STATUS")
    await waitUntil(
      async () => {
        await server.sql(`PURGE BINARY LOGS TO '${row?.[0]}'`)
        return (await server.rows("SHOW BINARY LOGS")).length === 1
      },
      { what: "the old log files to be purged", timeoutMs: 30_000 },
    )
    await server.sql("FLUSH BINARY LOGS DELETE_DOMAIN_ID = (5)")
    await recopied()
    await server.sql("INSERT INTO shop.t VALUES (3, 3, 3)", "INSERT INTO shop.k VALUES (1, 1)")
    await isEqual()
    await pipeline.stop()
  },
)
