import assert from "node:assert/strict"
import { test } from "node:test"
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import { isTree, type Tree } from "../dialect/syntax-tree.ts"
import { cannotFail, comparisonOf, isConstantNode } from "./comparisons.ts"

/** As far apart as the types allow. */
const extremes: Readonly<Record<string, readonly string[]>> = {
  TINYINT: ["-128", "127"],
  INTEGER: ["-2147483648", "2147483647"],
  BIGINT: ["-9223372036854775808", "9223372036854775807"],
  HUGEINT: ["-170141183460469231731687303715884105728", "170141183460469231731687303715884105727"],
  UBIGINT: ["0", "18446744073709551615"],
  "DECIMAL(4,2)": ["-99.99", "99.99"],
  "DECIMAL(18,0)": ["999999999999999999"],
  "DECIMAL(38,30)": ["99999999.999999999999999999999999999999"],
  "DECIMAL(38,38)": ["0.99999999999999999999999999999999999999"],
  FLOAT: ["NaN", "3.4e38"],
  DOUBLE: ["-Infinity", "1.7e308"],
  VARCHAR: ["canary", "", "5x"],
  DATE: ["infinity", "5877642-06-25 (BC)"],
  TIMESTAMP: ["infinity", "290309-12-22 (BC) 00:00:00"],
  BOOLEAN: ["true"],
  UUID: ["0f8fad5b-d9cb-469f-a165-70867728950e"],
}

const constants = [
  ...[
    "5",
    "-5",
    "200",
    "70000",
    "9999999999",
    "99999999999999999999999",
    "0.5",
    "1.50",
    "1e300",
    "NULL",
    "TRUE",
  ],
  ...["0.0000000000000000000001", "0.00000000000000000000000000000000000001", "12345678901234567890.123"],
  ...[
    "'5'",
    "'-5'",
    "'200'",
    "'70000'",
    "'99999999999'",
    "'0.5'",
    "'123456.789'",
    "'x'",
    "''",
    "'true'",
    "'1e5'",
  ],
  ...[
    "'2024-02-29'",
    "'2023-02-29'",
    "'2024-01-01 10:00:00'",
    "'2024-01-01 25:00:00'",
    "'infinity'",
    "'20240101'",
  ],
  ...["'0f8fad5b-d9cb-469f-a165-70867728950e'", "'999999999999999999'", "'99999999999999999999'"],
]

async function conditionOf(connection: DuckDBConnection, condition: string): Promise<Tree> {
  const result = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [
    `SELECT 1 FROM t WHERE ${condition}`,
  ])
  const tree = JSON.parse(String(result.getRows()[0]?.[0])) as Tree
  const [statement] = tree.statements as Tree[]
  const select = statement?.node
  assert.ok(isTree(select) && isTree(select.where_clause), condition)
  return select.where_clause
}

test("a comparison that is said not to fail fails for no value and no constant", async () => {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" })
  const connection = await instance.connect()
  let safe = 0
  try {
    for (const [type, values] of Object.entries(extremes)) {
      const rows = values.map((value) => `(CAST('${value}' AS ${type}))`).join(", ")
      await connection.run(`CREATE OR REPLACE TABLE t AS SELECT * FROM (VALUES ${rows}, (NULL)) v(c)`)
      for (const constant of constants) {
        const sql = `c <> ${constant}`
        const { others = [] } = comparisonOf(await conditionOf(connection, sql)) ?? {}
        if (!others.every((one) => isConstantNode(one) && cannotFail(type, one))) continue
        safe++
        await connection.run(`SELECT count(*) FROM t WHERE ${sql}`).catch((error: unknown) => {
          assert.fail(`${type}: ${sql}: ${error}`)
        })
      }
    }
  } finally {
    instance.closeSync()
  }
  assert.ok(safe > 150, String(safe))
})
