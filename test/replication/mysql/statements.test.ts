import assert from "node:assert/strict"
import { test } from "node:test"
import { mysqlProducts, mysqlServer } from "../../support/mysql/fixtures.ts"
import { mysqlPipeline } from "../../support/mysql/pipeline.ts"
import { mysqlPlaces } from "./place.ts"

/** What statements in the log do to rows that no row event tells of. */

for (const product of mysqlProducts) {
  const skip = product.missing() ?? false
  const place = mysqlPlaces(product)

  test(`${product.name}: statements whose names are in the client's character set`, { skip }, async () => {
    const { server, schema, isEqual, tables, pipeline, run } = await place(
      "CREATE TABLE `café` (id int PRIMARY KEY, v int)",
      "CREATE TABLE `ÿ` (id int PRIMARY KEY)",
      "CREATE TABLE `Ã©` (id int PRIMARY KEY)",
      "CREATE TABLE `é` (id int PRIMARY KEY)",
      "CREATE TABLE `中` (id int PRIMARY KEY)",
      "CREATE TABLE `ж` (id int PRIMARY KEY)",
      "CREATE TABLE `表` (id int PRIMARY KEY)",
      ...["`café` (id)", "`ÿ`", "`Ã©`", "`é`", "`中`", "`ж`", "`表`"].map(
        (name) => `INSERT INTO ${name} VALUES (1)`,
      ),
    )
    const said = async (charset: string, ...sql: string[]) => {
      const session = await server.session(charset)
      for (const statement of [`USE ${schema}`, ...sql]) await session.run(statement)
      session.close()
    }
    await said("LATIN1_SWEDISH_CI", "TRUNCATE TABLE `café`", "TRUNCATE TABLE `Ã©`")
    await said("GBK_CHINESE_CI", "TRUNCATE TABLE `中`")
    await said("CP1251_GENERAL_CI", "TRUNCATE TABLE `ж`")
    // Its second byte is that of a backslash.
    await said("SJIS_JAPANESE_CI", "TRUNCATE TABLE `表` /* 'it\\'s' */")
    await isEqual()
    await run("INSERT INTO `café` (id, v) VALUES (2, 2)")
    await said(
      "LATIN1_SWEDISH_CI",
      "ALTER TABLE `café` RENAME COLUMN v TO `é`",
      "RENAME TABLE `ÿ` TO `ÿÿ`",
      "DROP TABLE `é`",
    )
    await isEqual()
    assert.deepEqual(
      (await tables()).filter((name) => name === "é" || name === "ÿ"),
      [],
    )
    await pipeline.stop()
  })

  test(`${product.name}: statements of a session that logs statements, whatever they look like`, {
    skip,
  }, async () => {
    const { run, isEqual, pipeline, server, schema } = await place(
      "CREATE TABLE t (id int PRIMARY KEY, v int)",
      "CREATE TABLE u (id int PRIMARY KEY, v int)",
      "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7)",
      "INSERT INTO u VALUES (1, 1), (2, 2)",
      "CREATE PROCEDURE p() UPDATE t SET v = v + 1 WHERE id = 1",
      "CREATE FUNCTION f() RETURNS int DETERMINISTIC MODIFIES SQL DATA BEGIN DELETE FROM t WHERE id = 7; RETURN 1; END",
    )
    const statements = [
      "/* why */ DELETE FROM t WHERE id = 3",
      "/*!50000 DELETE */ FROM t WHERE id = 4",
      "--\n UPDATE t JOIN u USING (id) SET t.v = 9, u.v = 9",
      "CALL p()",
      `SELECT 900, 1 INTO OUTFILE '${server.folder}/tmp/rows'; LOAD DATA INFILE '${server.folder}/tmp/rows' INTO TABLE t`,
      "INSERT INTO t SELECT 200 + id, v FROM u",
      "REPLACE INTO t SELECT 100 + id, v FROM u",
      "SELECT f()",
      "BEGIN; INSERT INTO t VALUES (50, 50); SAVEPOINT a; INSERT INTO u VALUES (50, 50); ROLLBACK TO a; COMMIT",
      "PREPARE x FROM 'DELETE FROM u WHERE id = 1'; EXECUTE x",
      ...(product.name === "MariaDB"
        ? [
            "SET STATEMENT max_statement_time = 100 FOR DELETE FROM t WHERE id = 5",
            "EXECUTE IMMEDIATE 'DELETE FROM t WHERE id = 6'",
            "BEGIN NOT ATOMIC DELETE FROM t WHERE id = 1; END",
            "ANALYZE UPDATE t SET v = 12",
          ]
        : ["WITH c AS (SELECT 2 id) DELETE FROM t WHERE id IN (SELECT id FROM c)"]),
    ]
    for (const format of ["STATEMENT", "MIXED"]) {
      for (const sql of format === "MIXED" ? statements.slice(0, 3) : statements) {
        const parts = sql.includes("NOT ATOMIC") ? [sql] : sql.split("; ")
        await run(`SET SESSION binlog_format = '${format}'`, ...parts)
        await isEqual()
      }
      await run(
        "DELETE FROM t WHERE id >= 50",
        "DELETE FROM u WHERE id >= 50",
        "INSERT IGNORE INTO u VALUES (1, 1)",
      )
      await server.sql(`USE ${schema}`, "INSERT IGNORE INTO t VALUES (2, 2), (3, 3), (4, 4), (7, 7)")
    }
    await pipeline.stop()
  })

  test(`${product.name}: a temporary table of a table's name leaves that table's rows alone`, {
    skip,
  }, async () => {
    const { run, isEqual, pipeline } = await place(
      "CREATE TABLE t (id int PRIMARY KEY, v int)",
      "INSERT INTO t VALUES (1, 1), (2, 2)",
    )
    const emptied = (format: string) =>
      run(
        `SET SESSION binlog_format = '${format}'`,
        "CREATE TEMPORARY TABLE t (id int PRIMARY KEY, v int, w int)",
        "TRUNCATE TABLE t",
        "ALTER TABLE t DROP COLUMN v",
        "TRUNCATE t",
      )
    for (const format of ["STATEMENT", "MIXED", "ROW"]) {
      await emptied(format)
      await isEqual()
    }
    await run("TRUNCATE TABLE t", "INSERT INTO t VALUES (3, 3)")
    await isEqual()
    await pipeline.stop()
  })

  test(`${product.name}: names fold as the server folds them`, { skip }, async () => {
    const server = await mysqlServer(product, { "lower-case-table-names": "1" })
    await server.sql(
      "CREATE DATABASE Shop",
      "CREATE DATABASE Gone",
      "CREATE TABLE Shop.Orders (id int PRIMARY KEY, v int)",
      "CREATE TABLE Shop.`ÄÖ` (id int PRIMARY KEY)",
      "CREATE TABLE Gone.T (id int PRIMARY KEY)",
      "INSERT INTO shop.orders VALUES (1, 1)",
      "INSERT INTO shop.`äö` VALUES (1)",
    )
    const pipeline = await mysqlPipeline({ server, select: () => true })
    await server.sql("TRUNCATE TABLE Shop.Orders", "USE SHOP", "TRUNCATE `ÄÖ`")
    assert.deepEqual(await pipeline.differences(["shop"]), [])
    await server.sql(
      "INSERT INTO SHOP.ORDERS VALUES (2, 2)",
      "ALTER TABLE SHOP.ORDERS RENAME COLUMN V TO W",
      "INSERT INTO Shop.orders VALUES (3, 3)",
      "DROP DATABASE GONE",
    )
    assert.deepEqual(await pipeline.differences(["shop"]), [])
    assert.equal(pipeline.reports.copied.filter((name) => name === "shop.orders").length, 1)
    const left = await pipeline.home.read(
      `SELECT table_name FROM information_schema.tables WHERE table_catalog = '${pipeline.database}' AND table_schema = 'gone'`,
    )
    assert.deepEqual(left, [])
    await pipeline.stop()
  })
}
