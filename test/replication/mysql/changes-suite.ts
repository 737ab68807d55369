import assert from "node:assert/strict"
import { test } from "node:test"
import { type MysqlProduct, mariaDbProduct } from "../../support/mysql/products.ts"
import type { TestHome } from "../../support/pipeline.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { mysqlPlaces } from "./place.ts"

/** `home`: makes the warehouse of each case; absent: a DuckDB. */
export function testChanges(product: MysqlProduct, home?: () => Promise<TestHome>): void {
  const skip = product.missing() ?? false
  const place = mysqlPlaces(product, {}, home)
  const { numbers } = product

  test(`${product.name}: a rename that swaps two tables, as online schema changes do it`, {
    skip,
  }, async () => {
    const { run, pipeline, isEqual } = await place(
      "CREATE TABLE a (id int PRIMARY KEY, v text)",
      "INSERT INTO a VALUES (1, 'old')",
    )
    await run(
      "CREATE TABLE a_new (id int PRIMARY KEY, v text)",
      "INSERT INTO a_new VALUES (1, 'new'), (2, 'new')",
      "RENAME TABLE a TO a_old, a_new TO a",
      "INSERT INTO a VALUES (3, 'after')",
    )
    await isEqual()
    await pipeline.stop()
  })

  test(`${product.name}: truncate, drop, create, create or replace, and columns that come, go and change`, {
    skip,
  }, async () => {
    const { run, pipeline, isEqual, tables } = await place(
      "CREATE TABLE t (id int PRIMARY KEY, v text)",
      "CREATE TABLE dropped (id int PRIMARY KEY)",
      "CREATE TABLE again (id int PRIMARY KEY)",
      "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
      "INSERT INTO again VALUES (1)",
    )
    await run(
      "TRUNCATE TABLE t",
      "INSERT INTO t VALUES (3, 'c')",
      "DROP TABLE dropped",
      ...(product === mariaDbProduct
        ? ["CREATE OR REPLACE TABLE again (id int PRIMARY KEY)"]
        : ["DROP TABLE again", "CREATE TABLE again (id int PRIMARY KEY)"]),
      "INSERT INTO again VALUES (7)",
      "CREATE TABLE fresh (id int PRIMARY KEY, v text)",
      "INSERT INTO fresh VALUES (1, 'x')",
    )
    await isEqual()
    await run(
      "ALTER TABLE t ADD COLUMN n int DEFAULT 5, ADD INDEX (n)",
      "INSERT INTO t VALUES (4, 'd', 6)",
      "ALTER TABLE t MODIFY v varchar(10) CHARACTER SET latin1",
      "UPDATE t SET v = 'é' WHERE id = 4",
      "ALTER TABLE t DROP COLUMN n, ADD COLUMN n int DEFAULT 9 FIRST",
      "DELETE FROM t WHERE id = 3",
    )
    await isEqual()
    await waitUntil(async () => (await tables()).join() === "again,fresh,t", {
      what: "the dropped table to go",
    })
    await pipeline.stop()
  })

  test(`${product.name}: indexes and comments cost no copy`, { skip }, async () => {
    const { run, pipeline, isEqual, schema } = await place(
      "CREATE TABLE t (id int PRIMARY KEY, v int)",
      "INSERT INTO t VALUES (1, 1)",
    )
    await run(
      "ALTER TABLE t ADD INDEX (v), COMMENT 'drop column v'",
      "INSERT INTO t VALUES (2, 2)",
      "ALTER TABLE t FORCE",
    )
    await isEqual()
    assert.deepEqual(pipeline.reports.copied, [`${schema}.t`])
    await pipeline.stop()
  })

  test(`${product.name}: the index that tells rows apart goes, and equal rows come`, { skip }, async () => {
    const { run, pipeline, isEqual } = await place(
      "CREATE TABLE t (v int NOT NULL, UNIQUE KEY one (v), KEY other (v))",
      "CREATE TABLE u (v int NOT NULL, UNIQUE KEY one (v))",
      "CREATE TABLE w (v int PRIMARY KEY)",
      "INSERT INTO t VALUES (1), (2)",
      "INSERT INTO u VALUES (1), (2)",
      "INSERT INTO w VALUES (1), (2)",
    )
    await run(
      "ALTER TABLE t DROP INDEX other",
      product === mariaDbProduct ? "ALTER TABLE t DROP KEY IF EXISTS one" : "ALTER TABLE t DROP KEY one",
      "INSERT INTO t VALUES (1), (1)",
      "DROP INDEX one ON u",
      "INSERT INTO u VALUES (2), (3), (3)",
      "DROP INDEX `PRIMARY` ON w",
      "INSERT INTO w VALUES (2), (2)",
    )
    await isEqual()
    await pipeline.stop()
  })

  test(`${product.name}: columns that go and are renamed do so in order, without a copy`, {
    skip,
  }, async () => {
    const { run, pipeline, isEqual, schema } = await place(
      "CREATE TABLE t (id int, a int, b varchar(9), `C` date, UNIQUE KEY k (id, a), PRIMARY KEY (id))",
      "CREATE TABLE u (a int, b int, c varchar(9))",
      "INSERT INTO t VALUES (1, 1, 'one', '2024-01-01'), (2, 2, 'two', NULL)",
      "INSERT INTO u VALUES (1, 2, 'x'), (1, 2, 'x'), (1, 3, 'x')",
    )
    await run(
      "UPDATE t SET b = 'ONE' WHERE id = 1",
      "INSERT INTO t VALUES (3, 3, 'three', NULL)",
      "ALTER TABLE t DROP COLUMN b, ADD INDEX (`C`), RENAME COLUMN A TO `after this`",
      "INSERT INTO t VALUES (4, 4, '2024-02-02')",
      "DELETE FROM t WHERE id = 3",
      "ALTER TABLE t RENAME COLUMN id TO number",
      "UPDATE t SET c = '2000-01-01' WHERE number = 2",
      "ALTER TABLE u DROP b",
      "DELETE FROM u LIMIT 1",
      "INSERT INTO u VALUES (1, 'x')",
    )
    await isEqual()
    assert.deepEqual([...pipeline.reports.copied].sort(), [`${schema}.t`, `${schema}.u`])
    await pipeline.stop()
  })

  test(`${product.name}: rows without a key: equal rows are counted`, { skip }, async () => {
    const { run, pipeline, isEqual } = await place(
      "CREATE TABLE t (a int, b text)",
      "INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'X'), (NULL, NULL), (NULL, NULL)",
    )
    await isEqual()
    await run(
      "DELETE FROM t WHERE b = 'X' COLLATE utf8mb4_bin",
      "DELETE FROM t WHERE a = 1 LIMIT 1",
      "INSERT INTO t VALUES (NULL, NULL)",
    )
    await isEqual()
    await run("UPDATE t SET a = 2 WHERE a IS NULL LIMIT 2")
    await isEqual()
    await pipeline.stop()
  })

  test(`${product.name}: a key that changes, a key of text, and one of several columns`, {
    skip,
  }, async () => {
    const { run, pipeline, isEqual } = await place(
      "CREATE TABLE t (a varchar(20), b int, v int, PRIMARY KEY (b, a)) COLLATE utf8mb4_general_ci",
      "CREATE TABLE u (v int NOT NULL, w int, UNIQUE KEY (v))",
      "INSERT INTO t VALUES ('a', 1, 1), ('b', 1, 2)",
      "INSERT INTO u VALUES (1, 1), (2, 2)",
    )
    await run(
      "UPDATE t SET a = 'A' WHERE a = 'a'",
      "UPDATE t SET b = b + 1 ORDER BY b DESC",
      "BEGIN",
      "UPDATE t SET a = 'c' WHERE a = 'b'",
      "UPDATE t SET a = 'b' WHERE a = 'A'",
      "UPDATE t SET a = 'A' WHERE a = 'c'",
      "COMMIT",
      "UPDATE u SET v = v + 10",
      "DELETE FROM u WHERE v = 12",
    )
    await isEqual()
    await pipeline.stop()
  })

  test(`${product.name}: a transaction in two phases counts from its commit`, { skip }, async () => {
    const { run, pipeline, isEqual, read, schema } = await place("CREATE TABLE t (id int PRIMARY KEY)")
    await run("XA START 'one'", "INSERT INTO t VALUES (1)", "XA END 'one'", "XA PREPARE 'one'")
    await run(
      "XA START 'two'",
      "INSERT INTO t VALUES (2)",
      "XA END 'two'",
      "XA PREPARE 'two'",
      "XA ROLLBACK 'two'",
    )
    await run("INSERT INTO t VALUES (3)")
    await pipeline.settle()
    assert.deepEqual(await read(`SELECT id::VARCHAR FROM ${pipeline.database}.${schema}.t`), [["3"]])
    await run("XA COMMIT 'one'", "INSERT INTO t VALUES (4)")
    await isEqual()
    assert.deepEqual(pipeline.reports.copied, [`${schema}.t`], "not by a copy")
    await pipeline.stop()
  })

  test(`${product.name}: dates that are none make their column text, exactly`, { skip }, async () => {
    const { run, pipeline, read, schema } = await place(
      "CREATE TABLE t (id int PRIMARY KEY, d date, s datetime(2), n timestamp NULL)",
      "INSERT INTO t VALUES (1, '0000-00-00', '2024-01-02 03:04:05.60', '2024-01-02 03:04:05')",
    )
    const rows = () =>
      read(
        `SELECT id::VARCHAR, d::VARCHAR, s::VARCHAR, n::VARCHAR FROM ${pipeline.database}.${schema}.t ORDER BY id`,
      )
    await run(
      "INSERT INTO t VALUES (2, '2024-05-06', '2024-00-07 00:00:00', '0000-00-00 00:00:00')",
      "INSERT INTO t VALUES (3, '2024-00-01', NULL, NULL)",
    )
    await pipeline.settle()
    const wanted = [
      ["1", "0000-00-00", "2024-01-02 03:04:05.60", "2024-01-02 03:04:05"],
      ["2", "2024-05-06", "2024-00-07 00:00:00.00", "0000-00-00 00:00:00"],
      ["3", "2024-00-01", null, null],
    ]
    await waitUntil(async () => JSON.stringify(await rows().catch(() => [])) === JSON.stringify(wanted), {
      what: "the columns to be text",
    })
    await pipeline.stop()
  })

  test(`${product.name}: tables that cannot be carried are refused with what mends them`, {
    skip,
  }, async () => {
    const cases: [name: string, statement: string, told: RegExp][] = [
      ["other", "(id int PRIMARY KEY) ENGINE = MyISAM", /ENGINE = InnoDB/],
    ]
    if (product === mariaDbProduct)
      cases.push(
        [
          "child",
          "(id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE)",
          /CASCADE.*NO ACTION/,
        ],
        ["versioned", "(id int PRIMARY KEY) WITH SYSTEM VERSIONING", /DROP SYSTEM VERSIONING/],
      )
    const { pipeline, schema } = await place(
      "CREATE TABLE parent (id int PRIMARY KEY)",
      "CREATE TABLE fine (id int PRIMARY KEY)",
      ...cases.map(([name, statement]) => `CREATE TABLE ${name} ${statement}`),
    )
    const told = pipeline.reports.refused
    assert.deepEqual([...told.keys()].sort(), cases.map(([name]) => `${schema}.${name}`).sort())
    for (const [name, , pattern] of cases) assert.match(told.get(`${schema}.${name}`) ?? "", pattern)
    await pipeline.stop()
  })

  test(`${product.name}: a session that logs statements instead of rows costs a copy, and nothing is wrong`, {
    skip,
  }, async () => {
    const { run, pipeline, isEqual } = await place(
      "CREATE TABLE t (id int PRIMARY KEY, v int)",
      "INSERT INTO t VALUES (1, 1)",
    )
    await run("SET SESSION binlog_format = 'STATEMENT'", "UPDATE t SET v = 2", "INSERT INTO t VALUES (2, 2)")
    await isEqual()
    await run("SET SESSION binlog_row_image = 'MINIMAL'", "UPDATE t SET v = 3 WHERE id = 1")
    await isEqual()
    await pipeline.stop()
  })

  if (product === mariaDbProduct)
    test("MariaDB: compressed events and a row of megabytes", { skip }, async () => {
      const { server, run, pipeline, isEqual, read, schema } = await place(
        "CREATE TABLE t (id int PRIMARY KEY, v longtext)",
      )
      await server.sql("SET GLOBAL log_bin_compress = ON", "SET GLOBAL max_allowed_packet = 67108864")
      await run("INSERT INTO t VALUES (1, repeat('compress me ', 1000))", "UPDATE t SET v = concat(v, 'x')")
      await run(
        "CREATE TABLE `long` (id int PRIMARY KEY, v text COMMENT 'a comment that makes this statement long enough to be compressed, for the server compresses nothing below two hundred and fifty-six bytes, which is a little more than one would think when one writes such a comment as this one')",
        "INSERT INTO `long` VALUES (1, 'x')",
      )
      await run("INSERT INTO t SELECT 2, repeat(md5(rand()), 600000)")
      await server.sql("SET GLOBAL log_bin_compress = OFF")
      const [[wanted] = []] = await server.rows(`SELECT md5(v) FROM ${schema}.t WHERE id = 2`)
      await pipeline.settle()
      assert.deepEqual(await read(`SELECT md5(v) FROM ${pipeline.database}.${schema}.t WHERE id = 2`), [
        [wanted],
      ])
      await run("DELETE FROM t WHERE id = 2")
      await isEqual()
      await pipeline.stop()
    })

  test(`${product.name}: verify finds what differs and mends it`, { skip }, async () => {
    const { run, pipeline, isEqual, schema, read } = await place(
      "CREATE TABLE t (id int PRIMARY KEY, f double, x float, d decimal(12,3), s datetime(3), v varchar(20), b varbinary(9))",
      `INSERT INTO t SELECT seq, seq / 3, pow(2, -seq), seq / 7, '2024-01-01' + INTERVAL seq * 1001 MICROSECOND, concat('é', seq), unhex(hex(seq)) FROM ${numbers(500)}`,
      "CREATE TABLE keyless (a varchar(9), b float)",
      "INSERT INTO keyless VALUES ('a', 1.5), ('A', 1.5), ('a', 1.5), (NULL, 2e-8)",
    )
    const stream = () => {
      const streaming = pipeline.streaming()
      if (streaming === undefined) throw new Error("it does not stream")
      return streaming
    }
    const ids = new Set([`\`${schema}\`.\`t\``, `\`${schema}\`.\`keyless\``])
    const compare = async () => {
      const found = new Map<string, string>()
      const signal = AbortSignal.timeout(60_000)
      await stream().verify(
        ids,
        (id, verdict) =>
          found.set(
            id,
            verdict.kind === "compared"
              ? verdict.differences.map((one) => `${one.kind} ${one.key}`).join()
              : verdict.reason,
          ),
        signal,
      )
      return [...ids].map((id) => found.get(id))
    }
    assert.deepEqual(await compare(), ["", ""])
    const at = `${pipeline.database}.${schema}`
    await read(`UPDATE ${at}.t SET v = 'wrong' WHERE id = 7`)
    await read(`DELETE FROM ${at}.t WHERE id = 9`)
    await read(`DELETE FROM ${at}.keyless WHERE a = 'A'`)
    assert.deepEqual(await compare(), ["different 7,missing 9", "missing A,1.5000000000000000e+00"])
    const signal = AbortSignal.timeout(60_000)
    await stream().mend(`\`${schema}\`.\`t\``, [["7"], ["9"]], signal)
    await stream().mend(`\`${schema}\`.\`keyless\``, [["A", "1.5000000000000000e+00"]], signal)
    assert.deepEqual(await compare(), ["", ""])
    await run("UPDATE t SET v = 'after' WHERE id = 9")
    await isEqual()
    await pipeline.stop()
  })
}
