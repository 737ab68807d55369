import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { after } from "node:test"
import pg from "pg"
import { openPostgresWarehouse } from "../../../src/warehouses/postgres/warehouse.ts"
import type { TestHome } from "../pipeline.ts"
import { testDatabase } from "../postgres.ts"
import { removeFolder, temporaryFolder } from "../temporary-folder.ts"

const cleanUps: (() => Promise<void>)[] = []

after(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** What comparisons ask of DuckDB and this server calls otherwise. Nothing of the code under test is in it. */
const asInDuckDb = `
CREATE SCHEMA test_forms;
CREATE DOMAIN test_forms.double AS float8;
CREATE FUNCTION test_forms.hex(bytea) RETURNS text LANGUAGE sql AS $$ SELECT upper(pg_catalog.encode($1, 'hex')) $$;
CREATE FUNCTION test_forms.encode(text) RETURNS bytea LANGUAGE sql AS $$ SELECT convert_to($1, 'UTF8') $$;
CREATE FUNCTION test_forms.duckdb_columns() RETURNS TABLE (
  database_name text, schema_name text, table_name text, column_name text, data_type text)
  LANGUAGE sql AS $$
    SELECT table_catalog, table_schema, table_name, column_name, CASE data_type WHEN 'text' THEN 'VARCHAR' ELSE data_type END
    FROM information_schema.columns $$`

/** A PostgreSQL warehouse with one destination database, gone when the test file ends. */
export async function postgresHome(): Promise<TestHome & { database: string }> {
  const folder = await temporaryFolder("home")
  const server = await testDatabase()
  const database = `home_${randomBytes(6).toString("hex")}`
  const url = new URL(server.url)
  url.pathname = `/${database}`
  const warehouse = openPostgresWarehouse({
    url: server.url,
    layout: "databases",
    stagingPath: join(folder, "staging"),
  })
  await warehouse.ensure(database)
  const client = await reader(url.href)
  cleanUps.push(async () => {
    await client.end()
    // Of a single file that runs by itself, the server has ended by then, and the database with it.
    await warehouse.drop(database).catch(() => undefined)
    await server.drop().catch(() => undefined)
    await removeFolder(folder)
  })
  return {
    warehouse,
    database,
    nativeTypes: true,
    stagingPath: join(folder, "staging"),
    read: async (text) => (await client.query<(string | null)[]>({ text, rowMode: "array" })).rows,
  }
}

async function reader(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString,
    types: { getTypeParser: () => (text: string) => text },
    options: "-c timezone=UTC -c search_path=public,test_forms",
  })
  // A connection that breaks shows in the query that uses it.
  client.on("error", () => undefined)
  await client.connect()
  await client.query(asInDuckDb)
  return client
}
