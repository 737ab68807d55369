import assert from "node:assert/strict"
import { test } from "node:test"
import type { MysqlPipeline } from "../../../support/mysql/pipeline.ts"
import { mariaDbProduct } from "../../../support/mysql/products.ts"
import { mysqlPlaces } from "../place.ts"

const place = mysqlPlaces(mariaDbProduct)

/** Of the server's own, for names of files: the only one that is not mapped and that columns may have. */
const charset = "CHARACTER SET filename"

const columns = ["k", "c", "v", "t", "p"]

test("MariaDB: text in a character set that nobody has mapped comes as the server's bytes", {
  skip: mariaDbProduct.missing() ?? false,
}, async () => {
  const { run, pipeline, server, schema, read } = await place(
    `CREATE TABLE t (k varchar(20) ${charset} PRIMARY KEY, c char(9) ${charset}, v varchar(300) ${charset}, t mediumtext ${charset},
       p text COMPRESSED ${charset}, e enum('é', 'b') ${charset}, n int)`,
    `CREATE TABLE keyless (v varchar(20) ${charset}, n int)`,
    "INSERT INTO t VALUES ('a', 'é ', 'a.b', '中', 'x/y', 'é', 1), ('é', '', ' ', NULL, repeat('é', 200), 'b', 2)",
    "INSERT INTO keyless VALUES ('é', 1), ('é', 1), (NULL, 2)",
  )
  assert.deepEqual([...pipeline.reports.refused], [])
  const isEqual = async () => {
    await pipeline.settle()
    const there = `${pipeline.database}.${schema}`
    const hexes = columns.map((name) => `hex(${name})`).join(", ")
    assert.deepEqual(
      await read(`SELECT ${hexes}, e, n::VARCHAR FROM ${there}.t ORDER BY n`),
      await server.rows(`SELECT ${hexes}, e, n FROM ${schema}.t ORDER BY n`),
    )
    assert.deepEqual(
      await read(`SELECT hex(v), n::VARCHAR FROM ${there}.keyless ORDER BY n`),
      await server.rows(`SELECT HEX(v), n FROM ${schema}.keyless ORDER BY n`),
    )
  }
  await isEqual()
  const copied = pipeline.reports.copied.length
  await run(
    "INSERT INTO t VALUES ('中', '中 ', repeat('a.', 100), repeat('中', 500), 'short', 'é', 3), ('b', NULL, '', '', '', NULL, 4)",
    "UPDATE t SET v = 'é' WHERE k = 'a'",
    "UPDATE t SET k = 'ü' WHERE k = 'é'",
    "DELETE FROM t WHERE k = 'b'",
    "DELETE FROM keyless WHERE v = 'é' LIMIT 1",
    "INSERT INTO keyless VALUES ('ü', 3)",
  )
  await isEqual()
  assert.equal(pipeline.reports.copied.length, copied, "not by copies")
  await verified(pipeline, schema)
  await pipeline.stop()
})

async function verified(pipeline: MysqlPipeline, schema: string): Promise<void> {
  const found: string[] = []
  const ids = new Set(["t", "keyless"].map((name) => `\`${schema}\`.\`${name}\``))
  await pipeline
    .streaming()
    ?.verify(
      ids,
      (id, verdict) =>
        found.push(
          verdict.kind === "compared" ? `${verdict.differences.length}` : `${id}: ${verdict.reason}`,
        ),
      AbortSignal.timeout(30_000),
    )
  assert.deepEqual(found, ["0", "0"])
}
