import assert from "node:assert/strict"
import { test } from "node:test"
import { mysqlPipeline } from "../support/mysql-pipeline.ts"
import { mariaDbProduct, mysqlProduct } from "../support/mysql-products.ts"
import { mysqlPlaces } from "./mysql-place.ts"

/** How transactions and rows lie in the log, whatever they change. */

const mysqlPlace = mysqlPlaces(mysqlProduct)
const mariaDbPlace = mysqlPlaces(mariaDbProduct)
const onMysql = { skip: mysqlProduct.missing() ?? false }

test(
  "MySQL: transactions with tagged GTIDs come, also to a pipeline that goes on or is new",
  onMysql,
  async () => {
    const { server, run, streams, pipeline, schema } = await mysqlPlace("CREATE TABLE t (id int PRIMARY KEY)")
    const [[uuid] = []] = await server.rows("SELECT @@server_uuid")
    await streams(
      "SET gtid_next = 'AUTOMATIC:app1'",
      "INSERT INTO t VALUES (1)",
      "INSERT INTO t VALUES (2)",
      "SET gtid_next = 'AUTOMATIC'",
      "INSERT INTO t VALUES (3)",
      `SET gtid_next = '${uuid}:a_long_tag_of_32_characters____1:900000000000000'`,
      "INSERT INTO t VALUES (4)",
      "SET gtid_next = 'AUTOMATIC:app2'",
      "INSERT INTO t VALUES (5)",
    )
    await pipeline.stop()
    await run("SET gtid_next = 'AUTOMATIC:app1'", "INSERT INTO t VALUES (6)")
    const later = await mysqlPipeline({
      server,
      select: (table) => table.schema === schema,
      continues: pipeline,
    })
    assert.deepEqual(await later.differences([schema]), [])
    assert.deepEqual(later.reports.copied, [], "it went on from its position")
    await later.stop()
    const fresh = await mysqlPipeline({ server, select: (table) => table.schema === schema })
    await run("SET gtid_next = 'AUTOMATIC:app1'", "INSERT INTO t VALUES (7)")
    assert.deepEqual(await fresh.differences([schema]), [])
    await fresh.stop()
  },
)

for (const [product, place] of [
  [mariaDbProduct, mariaDbPlace],
  [mysqlProduct, mysqlPlace],
] as const) {
  const skip = product.missing() ?? false

  test(`${product.name}: XA transactions, in one phase and in two, come by the stream`, {
    skip,
  }, async () => {
    const { streams, run, isEqual, pipeline } = await place(
      "CREATE TABLE t (id int PRIMARY KEY, v int)",
      "INSERT INTO t VALUES (1, 1)",
    )
    await streams(
      "XA START 'x'",
      "INSERT INTO t VALUES (2, 2)",
      "UPDATE t SET v = 7 WHERE id = 1",
      "XA END 'x'",
      "XA COMMIT 'x' ONE PHASE",
      "XA START 'y', 'branch', 7",
      "DELETE FROM t WHERE id = 1",
      "XA END 'y', 'branch', 7",
      "XA PREPARE 'y', 'branch', 7",
      "XA COMMIT 'y', 'branch', 7",
      "XA START 'empty'",
      "XA END 'empty'",
      "XA PREPARE 'empty'",
      "XA COMMIT 'empty'",
      "XA START 'gone'",
      "INSERT INTO t VALUES (3, 3)",
      "XA END 'gone'",
      "XA ROLLBACK 'gone'",
      "INSERT INTO t VALUES (4, 4)",
    )
    await run(
      "SET SESSION binlog_format = 'STATEMENT'",
      "XA START 'statement'",
      "UPDATE t SET v = 8",
      "XA END 'statement'",
      "XA PREPARE 'statement'",
    )
    await isEqual()
    await run("XA COMMIT 'statement'")
    await isEqual()
    await run("XA START 'z'", "UPDATE t SET v = 9", "XA END 'z'", "XA COMMIT 'z' ONE PHASE")
    await isEqual()
    await pipeline.stop()
  })
}
