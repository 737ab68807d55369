import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import pg from "pg"
import { readCatalog } from "../../src/sources/postgres/catalog/catalog.ts"
import { mappedOids } from "../../src/sources/postgres/types/types.ts"
import { duckDbType } from "../../src/warehouses/duckdb/naming.ts"
import { testDatabase } from "../support/postgres.ts"

const page = join(import.meta.dirname, "../../docs/replication/postgres-types.md")

/** Rows of the page's table that name a type outright, and what it says they become. */
async function rowsOfPage(): Promise<{ type: string; becomes: string }[]> {
  const lines = (await readFile(page, "utf8")).split("\n").filter((line) => line.startsWith("| `"))
  return lines.map((line) => {
    const [, type, becomes] = line.split(" | ")[0] ? (/^\| `(.*?)` \| `(.*?)` \|/.exec(line) ?? []) : []
    return { type: type ?? "", becomes: becomes ?? "" }
  })
}

test("the page says what the code does with each type", async () => {
  const { url } = await testDatabase()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const rows = await rowsOfPage()
  assert.ok(rows.length > 40)
  const columns = rows.map(({ type }, index) => `c${index} ${type}`)
  await client.query(`CREATE TABLE every_type (id int PRIMARY KEY, ${columns.join(", ")})`)
  await client.query(`
    CREATE TYPE mood AS ENUM ('sad'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN price AS numeric(6,2); CREATE DOMAIN cheap AS price;
    CREATE TABLE own_types (id int PRIMARY KEY, mood mood, pair pair, price price, cheap cheap, prices price[])`)
  const { tables } = await readCatalog(client, () => true)
  await client.end()
  const [every, own] = tables.map((table) => table.schema)
  const found = every?.columns
    .slice(1)
    .map((column) => ({ type: column.sourceType, becomes: duckDbType(column.type) }))
  assert.deepEqual(found, rows)
  assert.deepEqual(
    own?.columns.map((column) => duckDbType(column.type)),
    ["INTEGER", "VARCHAR", "VARCHAR", "DECIMAL(6, 2)", "DECIMAL(6, 2)", "JSON"],
  )
})

test("every type with a partner of its own is on the page", async () => {
  const { url } = await testDatabase()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    "SELECT format_type(oid, NULL) AS name FROM unnest($1::oid[]) AS oid",
    [mappedOids()],
  )
  await client.end()
  const named = new Set((await rowsOfPage()).map(({ type }) => type.replace(/\(.*?\)/, "")))
  assert.deepEqual(
    rows.map((row) => row.name).filter((name) => !named.has(name)),
    [],
  )
})
