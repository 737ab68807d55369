/** Whatever a table, schema or column of a source is called: it can be queried by its quoted name, or is refused by name. */
import assert from "node:assert/strict"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import type pg from "pg"
import { openDuckDbWarehouse } from "../../src/warehouses/duckdb/warehouse.ts"
import { runSql, type TestPipeline, testPipeline } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { type TestWarehouse, testWarehouse } from "./warehouse.ts"

const quoted = (...names: string[]) => names.map((name) => `"${name.replaceAll('"', '""')}"`).join(".")

export const hostileTables = [
  ...["a.b.c", "data.csv", "json", "csv", "db", "txt", "parquet", "a.csv", "a.json", "x.parquet", "y.db.gz"],
  ...["back\\slash", 'quo"te', "apos'trophe", "new\nline", "tab\tbed", "*", "?", "%", "$1", ":1", "@", "#"],
  ...["ünïcode", "漢字", "😀", " leading", "trailing ", " ", "x".repeat(63), "é".repeat(31), "Mixed Case"],
  ...[
    "select",
    "table",
    "order",
    "values",
    "with",
    "range",
    "rowid",
    "oid",
    "ctid",
    "default",
    "all",
    "null",
  ],
  ...["pg_class", "pg_tables", "duckdb_tables", "duckdb_x", "sqlite_master", "pragma_version", "tables"],
  ...["main", "temp", "system", "memory", "dev", "crm", "public", "information_schema", "svv_integration"],
  ...[
    "/etc/passwd",
    "a/b",
    "C:\\x",
    "s3://x/y.csv",
    "https://x/y.json",
    "file:x",
    "{}",
    "[x]",
    "(",
    "x;y",
    "--",
    "/*",
  ],
  ...[
    "read_csv('x')",
    "E'x'",
    "U&x",
    "x y z",
    "$$",
    "__proto__",
    "constructor",
    "with_0",
    "a,b",
    "'",
    '"',
    ".",
    "..",
  ],
]

const hostileSchemas = [
  ...[
    "temp",
    "system",
    "memory",
    "main",
    "dev",
    "crm",
    "shop",
    "pgcat",
    "pginfo",
    "redshift",
    "recurring",
    "awscc",
  ],
  ...["json", "a.b", "data.csv", 'q"s', "temp_1", " x ", "constructor", "*", "select", "copy1"],
]

const hostileColumns = [
  ...[
    "*",
    "$1",
    "?",
    "json",
    "a.b",
    'quo"te',
    "apos'",
    "new\nline",
    "rowid",
    "oid",
    "select",
    "%",
    "ünï",
    " lead",
  ],
  ...[
    "trail ",
    "x".repeat(63),
    "filename",
    "position",
    "__proto__",
    "constructor",
    "data.csv",
    "main",
    "t",
    "value",
  ],
  ...[
    "back\\slash",
    "Mixed",
    "/*",
    "--",
    "row",
    "user",
    "current_date",
    "default",
    "{}",
    "(x)",
    "struct_pack(a := 1)",
  ],
]

interface Place {
  warehouse: TestWarehouse
  pipeline: TestPipeline
  /** By schema and name; each has one row, whose id is the place in the list. */
  relations: [schema: string, name: string][]
}

async function replicated(t: TestContext): Promise<Place> {
  const warehouse = await testWarehouse(t)
  const { url } = await testDatabase()
  const relations: [string, string][] = [
    ...hostileTables.map((name): [string, string] => ["public", name]),
    ...hostileSchemas.flatMap((schema): [string, string][] => [
      [schema, "t"],
      [schema, "data.csv"],
      [schema, "json"],
    ]),
    // Written with dots, "a.b".json is the same.
    ["a", "b.json"],
    ["Case", "upper"],
    ["case", "lower"],
  ]
  await runSql(
    url,
    ...[...hostileSchemas, "a", "Case", "case"].map((schema) => `CREATE SCHEMA ${quoted(schema)}`),
    relations
      .map(([schema, name], id) => {
        const place = quoted(schema, name)
        return `CREATE TABLE ${place} (id int PRIMARY KEY, v text); INSERT INTO ${place} VALUES (${id}, 'copied')`
      })
      .join(";"),
    `CREATE TABLE cols (id int PRIMARY KEY, ${hostileColumns.map((name) => `${quoted(name)} text`).join(", ")})`,
    `INSERT INTO cols VALUES (1, ${hostileColumns.map((_, at) => `'c${at}'`).join(", ")})`,
    "CREATE SCHEMA millrace; CREATE TABLE millrace.t (id int PRIMARY KEY)",
    `CREATE TABLE "Case".twin AS SELECT 1 AS id; CREATE TABLE "case".twin AS SELECT 2 AS id`,
    `ALTER TABLE "Case".twin ADD PRIMARY KEY (id); ALTER TABLE "case".twin ADD PRIMARY KEY (id)`,
  )
  const stagingPath = join(warehouse.folder, "staging")
  await mkdir(stagingPath)
  const connection = await warehouse.instance.connect()
  const pipeline = await testPipeline({
    url,
    database: "copy1",
    home: {
      // The engine was told of the folder itself.
      stagingPath: warehouse.folder,
      warehouse: openDuckDbWarehouse(warehouse.instance, warehouse.folder),
      read: async (sql) => (await connection.runAndReadAll(sql)).getRowsJson() as (string | null)[][],
    },
  })
  t.after(async () => {
    await pipeline.stop()
    connection.closeSync()
  })
  await runSql(
    url,
    relations.map(([schema, name]) => `UPDATE ${quoted(schema, name)} SET v = 'streamed'`).join(";"),
  )
  await pipeline.settle()
  return { warehouse, pipeline, relations }
}

async function rowsOf(client: pg.Client, sql: string): Promise<unknown[][]> {
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: "array" })).rows
  } catch (error) {
    throw new Error(`${sql}: ${(error as Error).message}`, { cause: error })
  }
}

/** Every way to name it, as one statement each; the answer of all is `expected`. */
async function assertFound(
  client: pg.Client,
  schema: string,
  name: string,
  id: number,
  isBrief = false,
): Promise<void> {
  const expected = [[id, "streamed"]]
  const full = quoted("copy1", schema, name)
  const names = isBrief ? [] : [quoted(schema, name), full]
  for (const one of names) {
    assert.deepEqual(await rowsOf(client, `SELECT id, v FROM ${one}`), expected)
    assert.deepEqual(
      await rowsOf(client, `SELECT x.* FROM ${one} AS x JOIN ${full} AS y USING (id)`),
      expected,
    )
  }
  const nested = `WITH q AS (SELECT * FROM ${quoted(schema, name)}) SELECT * FROM q WHERE id IN (SELECT id FROM ${full})`
  assert.deepEqual(await rowsOf(client, nested), expected)
  if (schema === "public" && !/^(pg_|svv_)/.test(name))
    assert.deepEqual(await rowsOf(client, `SELECT id, v FROM ${quoted(name)}`), expected)
}

test("tables and schemas of any name are found by it, and only by it", async (t) => {
  const { warehouse, pipeline, relations } = await replicated(t)
  const failed = [...pipeline.reports.failed].sort(([one], [other]) => (one < other ? -1 : 1))
  assert.deepEqual(
    failed.map(([name]) => name.toLowerCase()),
    ["case.twin", "millrace.t"],
  )
  assert.match(failed[0]?.[1] ?? "", /differs only in case from case\.twin.*Rename/i)
  assert.match(failed[1]?.[1] ?? "", /Rename it at the source, or leave it out/)

  await t.test("by an administrator", async () => {
    const admin = await warehouse.client("admin", "copy1")
    for (const [id, [schema, name]] of relations.entries()) await assertFound(admin, schema, name, id)
  })
  await t.test("by a user who may only read", async () => {
    const analyst = await warehouse.client("analyst", "copy1")
    for (const [id, [schema, name]] of relations.entries()) await assertFound(analyst, schema, name, id, true)
  })
  await t.test("by a user with a grant for each, and by none without", async () => {
    const admin = await warehouse.client("admin", "copy1")
    await admin.query("CREATE USER granted PASSWORD 'Granted123'")
    for (const schema of new Set(relations.map(([one]) => one)))
      await rowsOf(admin, `GRANT USAGE ON SCHEMA ${quoted(schema)} TO granted`)
    const granted = await warehouse.client("granted", "copy1", { password: "Granted123" })
    for (const [id, [schema, name]] of relations.entries()) {
      await assert.rejects(granted.query(`SELECT * FROM ${quoted(schema, name)}`), { code: "42501" })
      await rowsOf(admin, `GRANT SELECT ON ${quoted(schema, name)} TO granted`)
      await assertFound(granted, schema, name, id, true)
    }
  })
  await t.test("from another database, in EXPLAIN, in cursors and in the catalogs", async () => {
    const other = await warehouse.client("analyst", "dev")
    const analyst = await warehouse.client("analyst", "copy1")
    for (const [id, [schema, name]] of relations.entries()) {
      const full = quoted("copy1", schema, name)
      assert.deepEqual(await rowsOf(other, `SELECT id FROM ${full}`), [[id]])
      if (id % 4 > 0) continue
      await rowsOf(analyst, `EXPLAIN SELECT * FROM ${quoted(schema, name)}`)
      await analyst.query("BEGIN")
      await rowsOf(analyst, `DECLARE c CURSOR FOR SELECT id FROM ${quoted(schema, name)}`)
      assert.deepEqual(await rowsOf(analyst, "FETCH ALL FROM c"), [[id]])
      await analyst.query("COMMIT")
    }
    const listed = await rowsOf(
      analyst,
      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'",
    )
    // Schemas that differ only in case are one, called as the first of them.
    const found = new Set(listed.map((row) => JSON.stringify(row).toLowerCase()))
    for (const relation of relations)
      assert.ok(found.has(JSON.stringify(relation).toLowerCase()), JSON.stringify(relation))
  })
  await t.test("and written elsewhere by an administrator", async () => {
    const admin = await warehouse.client("admin", "dev")
    for (const [id, [schema, name]] of relations.entries()) {
      // A statement that writes may not use the catalogs, and has no tree that would tell a table called so from them.
      if (/^(pg_|information_schema)/.test(name)) continue
      await rowsOf(
        admin,
        `CREATE OR REPLACE TABLE main.kept AS SELECT * FROM ${quoted("copy1", schema, name)}`,
      )
      assert.deepEqual(await rowsOf(admin, "SELECT id FROM main.kept"), [[id]])
    }
  })
  await t.test("columns of any name", async () => {
    for (const user of ["admin", "analyst"]) {
      const client = await warehouse.client(user, "copy1")
      for (const [at, column] of hostileColumns.entries()) {
        const name = quoted(column)
        const sql = `SELECT ${name}, c.${name} FROM public.cols AS c WHERE ${name} = 'c${at}' GROUP BY ${name} ORDER BY ${name}`
        const { rows, fields } = await client.query({ text: sql, rowMode: "array" })
        assert.deepEqual(rows, [[`c${at}`, `c${at}`]], column)
        assert.deepEqual(
          fields.map((field) => field.name),
          [column, column],
        )
      }
      const all = await client.query("SELECT * FROM cols")
      assert.deepEqual(
        all.fields.map((field) => field.name),
        ["id", ...hostileColumns],
      )
    }
  })
  await t.test("names that no table has reach no file", async () => {
    const admin = await warehouse.client("admin", "copy1")
    for (const name of [join(warehouse.folder, "dev.duckdb"), "no.csv", "/etc/hostname", "x.json"]) {
      for (const one of [quoted(name), quoted("public", name), quoted("copy1", "public", name), `'${name}'`])
        await assert.rejects(admin.query(`SELECT * FROM ${one}`), /does not exist|permission denied/, one)
    }
    await assert.rejects(admin.query("SELECT * FROM memory.pgcat.no_view"))
    const analyst = await warehouse.client("analyst", "copy1")
    await assert.rejects(analyst.query("SELECT * FROM memory.pgcat.pg_class"), { code: "42501" })
    await assert.rejects(analyst.query("SELECT * FROM system.main.duckdb_settings"), { code: "42501" })
  })
})
