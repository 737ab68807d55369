import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { mysqlServer } from "../../../test/support/mysql.ts"
import { mariaDbProduct } from "../../../test/support/mysql-products.ts"
import { duckDbType } from "../../warehouses/duckdb/naming.ts"
import { readCatalog } from "./catalog.ts"
import { withClient } from "./client.ts"
import { mappedTypes } from "./types.ts"

const skip = mariaDbProduct.missing() ?? false
const page = join(import.meta.dirname, "../../../docs/replication/mysql-types.md")

/** Rows of the page's table, and what it says they become. */
async function rowsOfPage(): Promise<{ type: string; becomes: string }[]> {
  const lines = (await readFile(page, "utf8")).split("\n").filter((line) => line.startsWith("| `"))
  return lines.map((line) => {
    const [, type = "", becomes = ""] = /^\| `(.*?)` \| `(.*?)` \|/.exec(line) ?? []
    return { type, becomes }
  })
}

test("the page says what the code does with each type", { skip }, async () => {
  const server = await mysqlServer(mariaDbProduct)
  const rows = await rowsOfPage()
  const columns = rows.map(({ type }, index) => `c${index} ${type}`)
  await server.sql(
    "CREATE DATABASE d",
    `CREATE TABLE d.every_type (id int PRIMARY KEY, ${columns.join(", ")}, j json, b boolean,
       v int GENERATED ALWAYS AS (id) VIRTUAL, i int INVISIBLE)`,
  )
  const { tables, refused } = await withClient({ url: server.url }, "reading the catalog", (client) =>
    readCatalog(client, () => true),
  )
  assert.deepEqual(refused, [])
  const found = tables[0]?.schema.columns.slice(1) ?? []
  const told = found.slice(0, rows.length)
  assert.deepEqual(
    told.map((column) => ({ type: column.sourceType, becomes: duckDbType(column.type) })),
    rows,
  )
  assert.deepEqual(
    found.slice(rows.length).map((column) => duckDbType(column.type)),
    ["JSON", "SMALLINT", "INTEGER", "INTEGER"],
  )
})

test("every type that is mapped is on the page", async () => {
  const named = new Set((await rowsOfPage()).map(({ type }) => type.replace(/[( ].*/, "")))
  // MySQL's own name of geometrycollection; its json, which is refused; MariaDB's, which is told below the table.
  const aside = new Set(["geomcollection", "json"])
  assert.deepEqual(
    mappedTypes().filter((name) => !named.has(name) && !aside.has(name)),
    [],
  )
})
