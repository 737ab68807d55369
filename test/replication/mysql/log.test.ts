import assert from "node:assert/strict"
import { test } from "node:test"
import { mysqlPipeline } from "../../support/mysql/pipeline.ts"
import { mariaDbProduct, mysqlProduct } from "../../support/mysql/products.ts"
import { testSeed } from "../../support/seed.ts"
import { randomFrom } from "../random.ts"
import { mysqlPlaces } from "./place.ts"
import { randomDocument, randomJson } from "./types/random-json.ts"

/** How transactions and rows lie in the log, whatever they change. */

const mysqlPlace = mysqlPlaces(mysqlProduct)
const mariaDbPlace = mysqlPlaces(mariaDbProduct)
const onMariaDb = { skip: mariaDbProduct.missing() ?? false }
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

test(`MySQL: updates of parts of JSON values come by the stream`, onMysql, async () => {
  const random = randomFrom(testSeed)
  const { server, streams, run, pipeline, isEqual, schema } = await mysqlPlace(
    "CREATE TABLE t (id int PRIMARY KEY, j json, v int, k json)",
    "CREATE TABLE keyless (id int, j json)",
    `CREATE TABLE made (id int PRIMARY KEY, a json AS (j -> '$.a') VIRTUAL, j json, b json AS (j -> '$.b') STORED, c json,
      KEY m ((CAST(j -> '$.a' AS UNSIGNED ARRAY))), KEY f ((CAST(j ->> '$.b' AS CHAR(20)))))`,
    "CREATE TABLE refused (id int PRIMARY KEY, j json) ENGINE = MyISAM",
    `INSERT INTO refused VALUES (1, JSON_OBJECT('a', REPEAT('x', 500)))`,
  )
  const inserts = Array.from({ length: 40 }, (_, id) => {
    const document = `JSON_OBJECT('k', ${randomJson(random)}, 'a', ${randomJson(random)}, 'l', JSON_ARRAY(1, 'x', 2.5), 'pad', REPEAT('x', 300))`
    return [
      `INSERT INTO t VALUES (${id}, ${document}, 1, ${randomJson(random)})`,
      `INSERT INTO keyless VALUES (${id % 7}, ${document})`,
    ]
  })
  const value = () => randomDocument(random)
  const paths = [
    "$.k",
    "$.a",
    "$.new",
    '$."a b.c"',
    "$.l[1]",
    "$.l[0]",
    "$.l[9]",
    "$.k[0]",
    "$.a[1]",
    '$."é\\\\"q"',
    "$.bb",
  ]
  const path = () => `'${random.pick(paths)}'`
  const changes: (() => string)[] = [
    () => `JSON_SET(j, ${path()}, ${value()})`,
    () => `JSON_SET(j, ${path()}, ${value()}, ${path()}, ${value()})`,
    () => `JSON_REPLACE(j, ${path()}, ${value()})`,
    () => `JSON_REMOVE(j, ${path()})`,
    () => `JSON_SET(JSON_REMOVE(j, ${path()}), ${path()}, 7)`,
    () => "JSON_SET(j, '$.pad', REPEAT('y', 300))",
    () => "JSON_REPLACE(j, '$.l[0]', NULL)",
  ]
  const updates = Array.from({ length: 120 }, (_, index) => {
    const table = index % 5 === 0 ? "keyless" : "t"
    const more = table === "t" && random.chance(0.3) ? ", v = v + 1, id = id + 1000" : ""
    return `UPDATE ${table} SET j = ${random.pick(changes)()}${more} WHERE id ${random.pick(["=", ">"])} ${random.below(40)} ORDER BY id DESC LIMIT 5`
  })
  await streams(
    ...inserts.flat(),
    "SET SESSION binlog_row_value_options = 'PARTIAL_JSON'",
    ...updates,
    "INSERT INTO made (id, j, c) SELECT id, JSON_OBJECT('a', JSON_ARRAY(1, 2), 'b', 'x', 'pad', REPEAT('x', 300)), j FROM keyless GROUP BY id, j ON DUPLICATE KEY UPDATE c = JSON_SET(made.c, '$.k', 7)",
    "UPDATE made SET j = JSON_SET(j, '$.a[0]', 3, '$.b', 'y'), c = JSON_SET(c, '$.l', 5)",
    "UPDATE made SET j = JSON_REMOVE(j, '$.a[1]')",
    "UPDATE t SET k = JSON_SET(k, '$[0]', 1), j = JSON_SET(j, '$.k', 2)",
    "UPDATE refused SET j = JSON_SET(j, '$.a', 'y')",
    "DROP TABLE refused",
  )
  const [[file] = []] = await server.rows("SHOW BINARY LOG STATUS")
  const events = await server.rows(`SHOW BINLOG EVENTS IN '${file}'`)
  assert.ok(events.some(([, , type]) => type === "Update_rows_partial"))
  await run(
    "SET SESSION binlog_row_value_options = 'PARTIAL_JSON'",
    "XA START 'p'",
    "UPDATE t SET j = JSON_SET(j, '$.k', 'xa')",
    "XA END 'p'",
    "XA PREPARE 'p'",
    "XA COMMIT 'p'",
  )
  await isEqual()
  assert.deepEqual(
    [...pipeline.reports.copied].sort(),
    ["keyless", "made", "t"].map((name) => `${schema}.${name}`),
  )
  await pipeline.stop()
})

test("MySQL: compressed transactions come by the stream, small and large", onMysql, async () => {
  const { streams, pipeline, server } = await mysqlPlace(
    "CREATE TABLE t (id int PRIMARY KEY, v longtext, j json)",
    "CREATE TABLE u (id int PRIMARY KEY, v text)",
    "INSERT INTO t VALUES (1, 'a', '{}')",
  )
  const numbers = server.product.numbers(3000)
  await streams(
    "SET SESSION binlog_transaction_compression = ON",
    "INSERT INTO t VALUES (2, 'b', '[1]'), (3, 'c', NULL)",
    "BEGIN",
    "UPDATE t SET v = 'd' WHERE id = 2",
    "INSERT INTO u VALUES (1, 'x')",
    "DELETE FROM t WHERE id = 1",
    "COMMIT",
    "ALTER TABLE u RENAME COLUMN v TO w",
    "INSERT INTO u VALUES (2, 'y')",
    // Several pieces, of which one event is larger than any.
    "BEGIN",
    `INSERT INTO t SELECT 10 + seq, REPEAT(SHA2(seq, 256), 100), JSON_ARRAY(seq) FROM ${numbers}`,
    "INSERT INTO t VALUES (9, REPEAT('z', 3000000), NULL)",
    "UPDATE u SET w = 'z'",
    "COMMIT",
    "INSERT INTO u VALUES (3, 'after')",
    "SET SESSION binlog_row_value_options = 'PARTIAL_JSON'",
    "UPDATE t SET j = JSON_SET(j, '$[0]', 'new', '$[1]', REPEAT('x', 100)) WHERE id < 100",
    "XA START 'z'",
    "DELETE FROM u WHERE id = 1",
    "XA END 'z'",
    "XA PREPARE 'z'",
    "XA COMMIT 'z'",
    "SET SESSION binlog_format = 'ROW'",
    "TRUNCATE TABLE u",
  )
  await pipeline.stop()
})

test("MySQL: what foreign keys change comes by the stream", onMysql, async () => {
  const { streams, pipeline } = await mysqlPlace(
    "CREATE TABLE parent (id int PRIMARY KEY)",
    "CREATE TABLE child (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE)",
    "CREATE TABLE grandchild (id int, p int, FOREIGN KEY (p) REFERENCES child (id) ON DELETE SET NULL ON UPDATE CASCADE)",
    "CREATE TABLE tree (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES tree (id) ON DELETE CASCADE)",
    "INSERT INTO parent VALUES (1), (2), (3), (4)",
    "INSERT INTO child VALUES (10, 1), (20, 2), (21, 2), (30, 3)",
    "INSERT INTO grandchild VALUES (1, 10), (2, 20), (2, 20), (3, 30)",
    "INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2), (4, 3), (5, NULL)",
  )
  assert.deepEqual([...pipeline.reports.refused], [])
  await streams(
    "DELETE FROM parent WHERE id = 1",
    "UPDATE parent SET id = 7 WHERE id = 2",
    "UPDATE child SET id = id + 100",
    "DELETE FROM tree WHERE id = 1",
    "REPLACE INTO parent VALUES (3)",
    "INSERT INTO parent VALUES (4) ON DUPLICATE KEY UPDATE id = 5",
  )
  await pipeline.stop()
})

test("MySQL: hidden columns are left out, and cost nothing", onMysql, async () => {
  const { streams, pipeline, server } = await mysqlPlace(
    "CREATE TABLE functional (id int PRIMARY KEY, v json, s varchar(20), KEY f ((lower(s))), UNIQUE KEY u ((id + 1)), KEY m ((CAST(v -> '$.a' AS UNSIGNED ARRAY))), i int INVISIBLE DEFAULT 4)",
  )
  await streams(
    `INSERT INTO functional (id, v, s) VALUES (1, '{"a": [1, 2]}', 'X'), (2, NULL, NULL)`,
    "UPDATE functional SET s = 'y', v = JSON_SET(v, '$.a', JSON_ARRAY(3)), i = 5",
    "DELETE FROM functional WHERE id = 2",
  )
  await pipeline.stop()
  await server.sql(
    "SET GLOBAL show_gipk_in_create_table_and_information_schema = OFF",
    "CREATE DATABASE hidden",
    "SET sql_generate_invisible_primary_key = ON",
    "CREATE TABLE hidden.keyed (v int)",
  )
  const keyless = await mysqlPipeline({ server, select: ({ schema }) => schema === "hidden" })
  await server.sql(
    "INSERT INTO hidden.keyed VALUES (1), (1), (2)",
    "UPDATE hidden.keyed SET v = 3 WHERE v = 2",
    "DELETE FROM hidden.keyed WHERE v = 1 LIMIT 1",
  )
  await keyless.settle()
  const rows = await keyless.home.read(`SELECT v::VARCHAR FROM ${keyless.database}.hidden.keyed ORDER BY 1`)
  assert.deepEqual(rows, [["1"], ["3"]])
  assert.deepEqual(keyless.reports.copied, ["hidden.keyed"])
  await server.sql("SET GLOBAL show_gipk_in_create_table_and_information_schema = ON")
  await keyless.stop()
})

test("MySQL: verify mends rows that only all their values together tell apart", onMysql, async () => {
  const { pipeline, isEqual, schema, read } = await mysqlPlace(
    "CREATE TABLE t (j json, v vector(2), g geometry, b bit(9), f float, c varbinary(4))",
    `INSERT INTO t VALUES ('{"a": "é"}', TO_VECTOR('[1, 2]'), POINT(1, 2), b'101', -0e0, X'00ff'), (NULL, NULL, NULL, NULL, NULL, NULL)`,
  )
  const id = `\`${schema}\`.\`t\``
  await read(`DELETE FROM ${pipeline.database}.${schema}.t`)
  const keys: (string | null)[][] = []
  const streaming = pipeline.streaming()
  await streaming?.verify(
    new Set([id]),
    (_, verdict) => {
      if (verdict.kind === "compared") keys.push(...verdict.differences.map(({ key }) => key))
    },
    AbortSignal.timeout(60_000),
  )
  assert.equal(keys.length, 2)
  await streaming?.mend(id, keys, AbortSignal.timeout(60_000))
  await isEqual()
  await pipeline.stop()
})

test("MariaDB: a table with UNIQUE over long text streams", onMariaDb, async () => {
  const { streams, pipeline } = await mariaDbPlace(
    "CREATE TABLE t (id int PRIMARY KEY, v text, UNIQUE (v))",
    "CREATE TABLE keyless (v text, w blob, n int, UNIQUE (v), UNIQUE (w, n))",
    "CREATE TABLE named (DB_ROW_HASH_1 bigint unsigned, v text, UNIQUE (v))",
  )
  await streams(
    "INSERT INTO t VALUES (1, 'a'), (2, NULL), (3, repeat('x', 300))",
    "UPDATE t SET v = 'b' WHERE id = 1",
    "DELETE FROM t WHERE id = 3",
    "INSERT INTO keyless VALUES ('a', 'b', 1), (NULL, 'b', 2)",
    "UPDATE keyless SET v = 'c' WHERE n = 2",
    "INSERT INTO named VALUES (7, 'x')",
    "UPDATE named SET v = 'y'",
  )
  await pipeline.stop()
})

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
