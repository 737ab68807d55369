import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import type { ColumnType } from "../../../src/domain/table.ts"
import { readCatalog } from "../../../src/sources/postgres/catalog/catalog.ts"
import { connect } from "../../../src/sources/postgres/client.ts"
import { duckDbType } from "../../../src/warehouses/duckdb/naming.ts"
import { nativeType } from "../../../src/warehouses/postgres/types/native-type.ts"
import { ownTypes } from "../../replication/values/composed-types.ts"
import { testDatabase } from "../../support/postgres.ts"

const page = join(import.meta.dirname, "../../../docs/replication/postgres-warehouse-types.md")

/** The first two cells of the rows of the page's table whose first heading is `heading`. */
async function rowsUnder(heading: string, of = page): Promise<[string, string][]> {
  const [, after = ""] = (await readFile(of, "utf8")).split(`| ${heading} | `)
  const [table = ""] = after.split("\n\n")
  return table.split("\n").flatMap((line): [string, string][] => {
    const [, from, to] = /^\| `(.*?)` \| `(.*?)` \|/.exec(line) ?? []
    return from === undefined || to === undefined ? [] : [[from, to]]
  })
}

const kinds: readonly ColumnType[] = [
  ...(["boolean", "int16", "int32", "int64", "float32", "float64"] as const).map((kind) => ({ kind })),
  { kind: "decimal", precision: 20, scale: 0 },
  ...(["date", "timestamp", "timestamptz", "uuid", "text", "json", "bytes"] as const).map((kind) => ({
    kind,
  })),
]

test("the page says what each type that travels becomes", async () => {
  const expected = kinds.map((type) => [duckDbType(type), nativeType({ type })])
  assert.deepEqual(await rowsUnder("in DuckDB"), expected)
})

test("the page says which types of PostgreSQL become others, and what", async () => {
  const { url, name } = await testDatabase()
  const client = await connect({ url, database: name, nativeTypes: true })
  try {
    const exceptions = (await rowsUnder("PostgreSQL")).filter(([type]) => type !== "xml")
    const same = ["interval", "integer[]", "numeric(12,2)", "jsonb", "int4range", "varbit(5)", "moment"]
    const columns = [...exceptions.map(([type]) => type), ...same].map((type, index) => `c${index} ${type}`)
    await client.query(`SET search_path = public; ${ownTypes.join("; ")}; CREATE TABLE t (${columns.join(", ")});
      ALTER TABLE t REPLICA IDENTITY FULL; SET search_path = pg_catalog, pg_temp`)
    const { tables } = await readCatalog(client, ({ name }) => name === "t")
    const found = tables[0]?.schema.columns.map(nativeType)
    const sameHere = same.map((type) => aliases[type] ?? type)
    assert.deepEqual(found, [...exceptions.map(([, becomes]) => becomes), ...sameHere])
  } finally {
    await client.end()
  }
})

test("the page says of each type of MySQL what the source's page and the types that travel say", async () => {
  const travels = new Map(await rowsUnder("in DuckDB"))
  const becomes = (type: string) =>
    travels.get(type) ?? type.replace(/^DECIMAL\((\d+), (\d+)\)$/, "numeric($1,$2)")
  const atSource = await rowsUnder("MySQL, MariaDB", join(page, "../mysql-types.md"))
  assert.ok(atSource.length > 40)
  assert.deepEqual(
    await rowsUnder("MySQL, MariaDB"),
    atSource.map(([type, inDuckDb]) => [type, becomes(inDuckDb)]),
  )
})

const aliases: Record<string, string> = {
  "varbit(5)": "bit varying(5)",
  moment: "timestamp with time zone",
}
