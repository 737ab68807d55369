import assert from "node:assert/strict"
import { test } from "node:test"
import { mysqlProducts } from "../../../support/mysql/fixtures.ts"
import type { MysqlProduct } from "../../../support/mysql/products.ts"
import { mysqlPlaces } from "../place.ts"

/** Codes of a character set, as an expression of `seq`. */
interface Codes {
  count: number
  code: string
}

const singles: Codes = { count: 255, code: "UNHEX(LPAD(HEX(seq), 2, '0'))" }
const pairs: Codes = { count: 65_535, code: "UNHEX(LPAD(HEX(seq), 4, '0'))" }
const eucTriples: Codes = { count: 65_535, code: "UNHEX(CONCAT('8F', LPAD(HEX(seq), 4, '0')))" }
/** By what they are in Unicode: all of the basic plane, and samples of the others. */
const gbQuadruples: Codes = {
  count: 82_000,
  code: "CAST(CONVERT(CONVERT(UNHEX(LPAD(HEX(IF(seq < 65536, seq, 65536 + (seq - 65536) * 63)), 8, '0')) USING utf32) USING gb18030) AS BINARY)",
}
/** That stand for nothing, or for what Unicode has not. */
const gbStrays: Codes = {
  count: 4,
  code: "CASE seq WHEN 1 THEN X'8431A530' WHEN 2 THEN X'FE39FE39' WHEN 3 THEN X'E3329A36' ELSE X'90308130' END",
}

const charsets = ["sjis", "cp932", "gbk", "big5", "euckr", "gb2312", "ujis", "eucjpms", "gb18030"] as const
type Charset = (typeof charsets)[number]

function codesOf(charset: Charset): Codes[] {
  switch (charset) {
    case "ujis":
    case "eucjpms":
      return [singles, pairs, eucTriples]
    case "gb18030":
      return [singles, pairs, gbQuadruples, gbStrays]
    default:
      return [singles, pairs]
  }
}

const charsetsOf = ({ name }: MysqlProduct) =>
  charsets.filter((charset) => name === "MySQL" || charset !== "gb18030")

/** Every code that the server takes as a character, some hundred in a row. */
function insertAll({ numbers }: MysqlProduct, charset: Charset): string[] {
  return codesOf(charset).map(({ count, code }, index) => {
    const here = `CONVERT(${code} USING ${charset})`
    return `INSERT INTO ${charset} (id, t) SELECT ${index * 1000} + FLOOR(seq / 256), GROUP_CONCAT(${here} ORDER BY seq SEPARATOR '')
      FROM ${numbers(count)} WHERE CAST(${here} AS BINARY) = ${code} AND CHAR_LENGTH(${here}) = 1 GROUP BY 1`
  })
}

const settings = ["SET NAMES utf8mb4", "SET SESSION group_concat_max_len = 100000"]

for (const product of mysqlProducts) {
  const skip = product.missing() ?? false
  const place = mysqlPlaces(product)

  test(`${product.name}: text in character sets of several bytes comes as the server converts it, every code`, {
    skip,
  }, async () => {
    const sets = charsetsOf(product)
    const { streams, isEqual, pipeline, server, schema } = await place(
      ...settings,
      ...sets.map(
        (charset) =>
          `CREATE TABLE ${charset} (id int PRIMARY KEY, c char(3), v varchar(9), e enum('亜', '中'), t mediumtext) CHARACTER SET ${charset}`,
      ),
      ...sets.map((charset) => `INSERT INTO ${charset} VALUES (-1, '中', '中a', 1, '文中')`),
    )
    assert.deepEqual([...pipeline.reports.refused], [])
    await isEqual()
    await streams(
      ...settings,
      ...sets.flatMap((charset) => insertAll(product, charset)),
      ...sets.map(
        (charset) =>
          `INSERT INTO ${charset} VALUES (50000, '中 ', '中a中', 1, NULL), (50001, '', ' ', 2, '')`,
      ),
      ...sets.map(
        (charset) => `UPDATE ${charset} SET t = CONCAT(t, 'x'), e = '中' WHERE id BETWEEN 1100 AND 1200`,
      ),
      ...sets.map((charset) => `DELETE FROM ${charset} WHERE id = 50001`),
    )
    for (const charset of sets) {
      const [[rows] = []] = await server.rows(`SELECT SUM(CHAR_LENGTH(t)) > 8000 FROM ${schema}.${charset}`)
      assert.equal(rows, "1", `${charset} holds its codes`)
    }
    await pipeline.stop()
  })

  test(`${product.name}: rows whose keys are different codes for one character stay apart`, {
    skip,
  }, async () => {
    const { run, streams, isEqual, pipeline, read, schema } = await place(
      "SET NAMES utf8mb4",
      "CREATE TABLE t (k varchar(9) CHARACTER SET cp932 COLLATE cp932_bin, w char(4) CHARACTER SET gbk, v int, PRIMARY KEY (k, w))",
      "INSERT INTO t VALUES ('表', '中', 1), ('ソ', '文', 2), ('能', 'a', 3)",
      "INSERT INTO t VALUES (_cp932 X'FBFC', 'x', 4), (_cp932 X'EEE0', 'x', 5), (_cp932 X'EB40', 'x', 6), (_cp932 X'EB41', 'x', 7)",
      "CREATE TABLE other (k varchar(9) CHARACTER SET sjis PRIMARY KEY, n int NOT NULL, UNIQUE (n))",
      "INSERT INTO other VALUES (_sjis X'5C', 1), (_sjis X'815F', 2)",
    )
    await isEqual()
    await streams(
      "SET NAMES utf8mb4",
      "UPDATE t SET v = 10 WHERE k = '表'",
      "UPDATE t SET w = '国' WHERE k = 'ソ'",
      "DELETE FROM t WHERE k = '能'",
      "INSERT INTO t VALUES ('能', 'b', 8), (_cp932 X'FBFC', 'y', 9), (_cp932 X'EEE0', 'y', 10)",
      "UPDATE t SET v = 40 WHERE k = _cp932 X'FBFC' AND w = 'x'",
      "DELETE FROM t WHERE k = _cp932 X'EB41'",
      "UPDATE other SET k = 'x' WHERE n = 1",
    )
    await run("DELETE FROM other WHERE n = 2")
    await pipeline.settle()
    assert.deepEqual(await read(`SELECT k, n::VARCHAR FROM ${pipeline.database}.${schema}.other`), [
      ["x", "1"],
    ])
    await pipeline.stop()
  })
}
