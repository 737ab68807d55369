import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { readCatalog } from "../../src/sources/mysql/catalog.ts"
import { withClient } from "../../src/sources/mysql/client.ts"
import { mappedTypes } from "../../src/sources/mysql/types/types.ts"
import { duckDbType } from "../../src/warehouses/duckdb/naming.ts"
import { mysqlProducts, mysqlServer } from "../support/mysql/fixtures.ts"

const page = join(import.meta.dirname, "../../docs/replication/mysql-types.md")

interface PageRow {
  type: string
  becomes: string
  /** The only product that has the type; `undefined`: both. */
  only: string | undefined
}

/** Rows of the page's table: a type, what it becomes, and who has it. */
async function rowsOfPage(): Promise<PageRow[]> {
  const lines = (await readFile(page, "utf8")).split("\n").filter((line) => line.startsWith("| `"))
  return lines.map((line) => {
    const [, type = "", becomes = "", only] = /^\| `(.*?)` \| `(.*?)` \| (MariaDB|MySQL)?/.exec(line) ?? []
    return { type, becomes, only }
  })
}

/** MySQL prints no display width, and one of its types under another name. */
function typeAsMysql(type: string): string {
  return type
    .replace(/^((?:tiny|small|medium|big)?int|year)\(\d+\)/, "$1")
    .replace("geometrycollection", "geomcollection")
}

for (const product of mysqlProducts)
  test(`${product.name}: the page says what the code does with each type`, {
    skip: product.missing() ?? false,
  }, async () => {
    const server = await mysqlServer(product)
    const rows = (await rowsOfPage()).filter(({ only }) => only === undefined || only === product.name)
    const columns = rows.map(({ type }, index) => `c${index} ${type}`)
    await server.sql(
      "CREATE DATABASE d",
      `CREATE TABLE d.every_type (id int PRIMARY KEY, ${columns.join(", ")}, j json, b boolean,
       v int GENERATED ALWAYS AS (id + 1) VIRTUAL, i int INVISIBLE)`,
    )
    const { tables, refused } = await withClient({ url: server.url }, "reading the catalog", (client) =>
      readCatalog(client, () => true),
    )
    assert.deepEqual(refused, [])
    const found = tables[0]?.schema.columns.slice(1) ?? []
    const told = found.slice(0, rows.length)
    assert.deepEqual(
      told.map((column) => ({ type: column.sourceType, becomes: duckDbType(column.type) })),
      rows.map(({ type, becomes }) => ({
        type: product.name === "MySQL" ? typeAsMysql(type) : type,
        becomes,
      })),
    )
    assert.deepEqual(
      found.slice(rows.length).map((column) => duckDbType(column.type)),
      ["JSON", "SMALLINT", "INTEGER", "INTEGER"],
    )
  })

test("every type that is mapped is on the page", async () => {
  const named = new Set((await rowsOfPage()).map(({ type }) => type.replace(/[( ].*/, "")))
  // MySQL's own name of geometrycollection; json, which is told below the table.
  const aside = new Set(["geomcollection", "json"])
  assert.deepEqual(
    mappedTypes().filter((name) => !named.has(name) && !aside.has(name)),
    [],
  )
})
