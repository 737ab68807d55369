/** As hostile-names.test.ts, of a MySQL or MariaDB server, where databases become schemas. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { openDuckDbWarehouse } from "../../src/warehouses/duckdb/warehouse.ts"
import { mysqlProducts, mysqlServer } from "../support/mysql/fixtures.ts"
import { mysqlPipeline } from "../support/mysql/pipeline.ts"
import { testWarehouse } from "./warehouse.ts"

const there = (...names: string[]) => names.map((name) => `\`${name.replaceAll("`", "``")}\``).join(".")
const here = (...names: string[]) => names.map((name) => `"${name.replaceAll('"', '""')}"`).join(".")

const schemas = [
  "temp",
  "system",
  "memory",
  "main",
  "dev",
  "crm",
  "copy1",
  "json",
  "a.csv",
  "q`s",
  'q"s',
  "pg_temp",
]
const tables = [
  ...[
    "t",
    "a.b.c",
    "data.csv",
    "json",
    "db",
    "parquet",
    "back\\slash",
    'quo"te',
    "apos'",
    "tick`",
    "new\nline",
    "*",
    "%",
  ],
  ...[
    "?",
    "$1",
    "ünïcode",
    "漢字",
    " leading",
    "x".repeat(64),
    "select",
    "rowid",
    "pg_class",
    "duckdb_tables",
    "a/b",
    "--",
  ],
]
const columns = [
  "*",
  "$1",
  "json",
  "a.b",
  'quo"te',
  "tick`",
  "rowid",
  "ctid",
  "select",
  " lead",
  "__proto__",
  "value",
]

for (const product of mysqlProducts) {
  test(`tables and columns of ${product.name} are found by their names, whatever these are`, async (t) => {
    const server = await mysqlServer(product)
    const warehouse = await testWarehouse(t)
    const names = schemas.flatMap((schema) =>
      (schema === "temp" ? tables : ["data.csv"]).map((name): [string, string] => [schema, name]),
    )
    names.push(["Case", "upper"], ["case", "lower"])
    const own = [...schemas, "Case", "case", "millrace"]
    for (const schema of own) await server.sql(`CREATE DATABASE ${there(schema)}`)
    t.after(() => server.sql(...own.map((schema) => `DROP DATABASE ${there(schema)}`)))
    for (const [id, name] of names.entries())
      await server.sql(
        `CREATE TABLE ${there(...name)} (id int PRIMARY KEY, ${columns.map((one) => `${there(one)} varchar(20)`).join(", ")})`,
        `INSERT INTO ${there(...name)} (id, ${there("value")}) VALUES (${id}, 'copied')`,
      )
    await server.sql(
      "CREATE TABLE millrace.t (id int PRIMARY KEY)",
      "CREATE TABLE `Case`.twin (id int PRIMARY KEY)",
      "CREATE TABLE `case`.twin (id int PRIMARY KEY)",
    )
    const connection = await warehouse.instance.connect()
    const pipeline = await mysqlPipeline({
      server,
      select: ({ schema }) => own.includes(schema),
      home: {
        stagingPath: warehouse.folder,
        warehouse: openDuckDbWarehouse(warehouse.instance, warehouse.folder),
        read: async (sql) => (await connection.runAndReadAll(sql)).getRowsJson() as (string | null)[][],
      },
    })
    t.after(async () => {
      await pipeline.stop()
      connection.closeSync()
    })
    for (const name of names)
      await server.sql(
        `UPDATE ${there(...name)} SET ${columns.map((one) => `${there(one)} = 'new'`).join(", ")}`,
      )
    await pipeline.settle()
    assert.deepEqual([...pipeline.reports.failed.keys()].map((name) => name.toLowerCase()).sort(), [
      "case.twin",
      "millrace.t",
    ])
    for (const user of ["admin", "analyst"]) {
      const client = await warehouse.client(user, pipeline.database)
      for (const [id, [schema, name]] of names.entries()) {
        const selected = columns.map((one) => here(one)).join(", ")
        const { rows, fields } = await client.query({
          text: `SELECT id, ${selected} FROM ${here(schema, name)} JOIN ${here(pipeline.database, schema, name)} AS y USING (id, ${selected})`,
          rowMode: "array",
        })
        assert.deepEqual(rows, [[id, ...columns.map(() => "new")]], `${schema} ${name}`)
        assert.deepEqual(
          fields.map((field) => field.name),
          ["id", ...columns],
        )
      }
    }
  })
}
