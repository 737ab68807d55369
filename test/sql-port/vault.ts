import assert from "node:assert/strict"
import { readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { TestContext } from "node:test"
import pg from "pg"
import { type TestWarehouse, testWarehouse } from "./warehouse.ts"

/** Stands in rows, in a column's name and in a file that nobody here may see. */
export const canary = "canary"

export interface Vault extends TestWarehouse {
  /** A user with nothing, one with a table, one with the right to load into dev, and one that reads all. */
  attackers: { name: string; client: pg.Client }[]
  admin: pg.Client
  /** Runs it as far as it goes; everything that came back, errors included. */
  attempt(client: pg.Client, sql: string): Promise<string>
  /** Everything that an attack could have changed. */
  contents(): Promise<unknown>
}

/** Names with every place where a table can be: another database, the same schema, and Millrace's own records. */
export const vaults = [
  { full: "shop.public.vault", schema: "public", name: "vault" },
  { full: "crm.public.strongroom", schema: "crm.public", name: "strongroom" },
  { full: "shop.millrace.ledger", schema: "millrace", name: "ledger" },
]

async function makeVaults(warehouse: TestWarehouse): Promise<void> {
  const connection = await warehouse.instance.connect()
  for (const { full } of vaults) {
    await connection.run(
      `CREATE TABLE ${full} (id INTEGER, secret VARCHAR, ${canary}_column INTEGER);
       INSERT INTO ${full} VALUES (1, '${canary} one', 1), (2, '${canary} two', 2)`,
    )
  }
  await connection.run(
    `CREATE VIEW shop.public.window AS SELECT secret FROM shop.public.vault WHERE secret <> '${canary} view'`,
  )
  await connection.run("CREATE TABLE dev.main.dropbox (a INTEGER, b VARCHAR)")
  connection.closeSync()
  await writeFile(join(warehouse.folder, "data.csv"), `${canary}\n1\n`)
}

export async function vault(t: TestContext): Promise<Vault> {
  const warehouse = await testWarehouse(t, {
    statementTimeoutMs: 20_000,
    databasesOfPartner: async () => ["dev"],
  })
  await makeVaults(warehouse)
  const admin = await warehouse.client("admin", "shop")
  await admin.query("CREATE USER nobody PASSWORD 'Sesame2024'; CREATE USER reader PASSWORD 'Sesame2024'")
  await admin.query("GRANT SELECT ON orders TO reader; GRANT USAGE ON SCHEMA crm.public TO reader")
  const password = { password: "Sesame2024" }
  const attackers = [
    { name: "nobody", client: await warehouse.client("nobody", "dev", password) },
    { name: "reader", client: await warehouse.client("reader", "shop", password) },
    { name: "loader", client: await warehouse.client("loader", "dev") },
  ]
  return { ...warehouse, attackers, admin, attempt, contents: () => contents(warehouse) }
}

async function attempt(client: pg.Client, sql: string): Promise<string> {
  const said: string[] = []
  const note = (error: unknown) => {
    if (!(error instanceof pg.DatabaseError)) throw error
    assert.notEqual(error.code, "XX000", `${sql}: an internal error: ${error.message}`)
    said.push(JSON.stringify([error.code, error.message, error.detail, error.hint]))
  }
  // Once as a simple query, once prepared: the two go different ways.
  const prepared = { text: sql, values: [], queryMode: "extended" }
  for (const query of [sql, prepared]) {
    const result: unknown = await client.query(query).catch(note)
    for (const one of [result].flat()) if (one instanceof pg.Result) said.push(JSON.stringify(one.rows))
  }
  await client.query("ROLLBACK; RESET ALL")
  return said.join("\n")
}

async function contents({ instance, folder }: TestWarehouse): Promise<unknown> {
  const connection = await instance.connect()
  try {
    const tables = await connection.runAndReadAll(
      "SELECT database_name || '.' || schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal ORDER BY 1",
    )
    const views = await connection.runAndReadAll(
      "SELECT count(*)::INTEGER FROM duckdb_views() WHERE NOT internal",
    )
    const names = tables.getRows().map((row) => String(row[0]))
    const rows: Record<string, unknown> = {}
    for (const name of names) {
      const [schema = "", ...rest] = name.split(".")
      const quoted = [schema, ...rest].map((part) => `"${part.replaceAll('"', '""')}"`).join(".")
      const counted = await connection.runAndReadAll(
        `SELECT count(*)::INTEGER, coalesce(bit_xor(hash(t)), 0)::VARCHAR FROM ${quoted} t`,
      )
      rows[name] = counted.getRows()[0]
    }
    const files = (await readdir(folder)).filter((file) => !file.endsWith(".wal")).sort()
    return { rows, views: views.getRows(), files, databases: instance.databases() }
  } finally {
    connection.closeSync()
  }
}
