import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import pg from "pg"
import { canary, vault } from "../vault.ts"
import { testWarehouse } from "../warehouse.ts"

/** Each hides text from one of two readers: `BEFORE` stands where the other goes on reading. */
const veils = [
  "--\rBEFORE\n",
  "-- x\rBEFORE\r\n",
  "--\r\rBEFORE --\n",
  "/* */--\rBEFORE\n",
  "\u00a0BEFORE\u00a0",
  "\u200bBEFORE\u200b",
  "\ufeffBEFORE\u3000",
  "\u2060BEFORE\u205f",
  "\u000bBEFORE\f",
  "--\u2028 \rBEFORE\n",
  "--\u0085\rBEFORE\n",
]

test("an administrator's statement is what it is judged to be, whatever hides a part of it", async (t) => {
  const { client: connect, folder, instance } = await testWarehouse(t)
  const file = join(folder, "data.csv")
  await writeFile(file, `${canary}\n1\n`)
  const admin = await connect("admin", "dev")
  await admin.query("CREATE TABLE t (a VARCHAR)")
  const engine = await instance.connect()
  t.after(() => engine.closeSync())
  const attacks = veils.flatMap((veil) => {
    const hide = (text: string) => veil.replace("BEFORE", text)
    return [
      `CREATE ${hide("MACRO abs(x) AS 42;")} TABLE u (a INTEGER)`,
      `CREATE ${hide("MACRO abs(x) AS 42")}`,
      `CREATE OR REPLACE${hide("FUNCTION lower(x) AS 42")}`,
      `CREATE TEMP${hide("MACRO upper(x) AS 42")}`,
      `INSERT INTO t SELECT * FROM${hide(`'${file}'`)}`,
      `INSERT INTO t SELECT content FROM${hide(`read_text('${file}')`)}`,
      `INSERT${hide("INTO shop.public.orders VALUES (1) ;")} INTO t VALUES (1)`,
      `DROP${hide("TABLE shop.public.orders ;")} TABLE t`,
    ]
  })
  attacks.push(
    `CREATE TABLE u AS SELECT E'a'\n'\\' , (SELECT content FROM read_text(\\'${file}\\')), \\' ' AS x, 1 AS y`,
    `INSERT INTO t SELECT E'a'\n'\\' || (SELECT content FROM read_text(''${file}'')) || \\''`,
    `INSERT INTO t SELECT column_name FROM (SUMMARIZE '${file}')`,
    `INSERT INTO t SELECT column_name FROM (DESCRIBE '${file}')`,
    `INSERT INTO t SELECT column_name FROM (SHOW '${file}')`,
    `INSERT INTO t SELECT column_name FROM (DESC '${file}')`,
    `INSERT INTO t SELECT column_name FROM (SUMMARIZE FROM '${file}')`,
    `INSERT INTO t SELECT x.${canary} FROM ('${file}' x CROSS JOIN t)`,
    `INSERT INTO t SELECT x.${canary} FROM t, (('${file}' x CROSS JOIN t u) CROSS JOIN t v)`,
    `INSERT INTO t SELECT ${canary} FROM (PIVOT '${file}' ON ${canary} USING count(*))`,
    `INSERT INTO t SELECT value FROM (UNPIVOT '${file}' ON ${canary})`,
    `INSERT INTO t SELECT value FROM (UNPIVOT ('${file}' CROSS JOIN t) ON ${canary})`,
    `DELETE FROM t USING ('${file}' x CROSS JOIN t u)`,
  )
  for (const sql of attacks) {
    await admin.query(sql).catch((error: unknown) => {
      assert.ok(error instanceof pg.DatabaseError, String(error))
      assert.notEqual(error.code, "XX000", `${sql}: ${error.message}`)
    })
    await admin.query("ROLLBACK; CREATE TABLE IF NOT EXISTS t (a VARCHAR)")
  }
  const made = await engine.runAndReadAll(
    "SELECT function_name FROM duckdb_functions() WHERE NOT internal AND database_name IN ('dev', 'shop', 'crm', 'temp')",
  )
  assert.deepEqual(made.getRows(), [])
  const rows = await admin.query("SELECT string_agg(a, ' ') AS all FROM t")
  assert.ok(!String(rows.rows[0].all).includes(canary), rows.rows[0].all)
  for (const table of (await admin.query("SELECT table_name FROM information_schema.tables")).rows) {
    const { rows: all } = await admin.query(`SELECT * FROM ${table.table_name}`)
    assert.ok(!JSON.stringify(all).includes(canary), `${table.table_name}: ${JSON.stringify(all)}`)
  }
  assert.deepEqual((await admin.query("SELECT count(*)::int AS n FROM shop.public.orders")).rows, [
    { n: 1000 },
  ])
})

const waysToList = [
  "SHOW TABLES",
  "FROM (SHOW TABLES)",
  "SELECT * FROM (SHOW TABLES)",
  "SELECT name FROM (SHOW TABLES) AS t",
  "SELECT (SELECT string_agg(name, ',') FROM (SHOW TABLES))",
  'DESCRIBE "tables"',
  'SHOW "tables"',
  "DESCRIBE tables",
  "FROM (DESCRIBE tables)",
  'FROM (SUMMARIZE "tables")',
  "WITH x AS (FROM (SHOW TABLES)) FROM x",
  "WITH RECURSIVE x AS (SELECT name FROM (SHOW TABLES) UNION SELECT name FROM x) FROM x",
  "SELECT 1 WHERE EXISTS (FROM (SHOW TABLES) WHERE name = 'vault')",
  "FROM orders o, LATERAL (FROM (SHOW TABLES))",
  "FROM (VALUES (1)) v(x) POSITIONAL JOIN (SHOW TABLES)",
  "SELECT ARRAY(SELECT name FROM (SHOW TABLES))",
  "COPY (FROM (SHOW TABLES)) TO STDOUT",
  "EXPLAIN ANALYZE FROM (SHOW TABLES)",
  "CREATE TABLE dev.main.stolen AS FROM (SHOW TABLES)",
  "INSERT INTO dev.main.dropbox (b) SELECT name FROM (SHOW TABLES)",
  "DECLARE c CURSOR FOR FROM (SHOW TABLES)",
  ...[
    "SHOW ALL TABLES",
    "SHOW DATABASES",
    "SHOW SCHEMAS",
    "SHOW VARIABLES",
    "DESCRIBE",
    "SHOW TABLES FROM public",
  ],
  ...[
    "SHOW TABLES FROM shop.public",
    "SHOW TABLES FROM shop",
    "SHOW",
    "DESCRIBE databases",
    'SHOW "schemas"',
  ],
  ...[
    "FROM (SHOW ALL TABLES)",
    "FROM (SHOW DATABASES)",
    "FROM (DESCRIBE)",
    "FROM (SHOW TABLES FROM shop.public)",
  ],
  ...["PRAGMA show_tables", "PRAGMA show_tables_expanded", "PRAGMA show_databases", "PRAGMA database_list"],
  ...["CALL show_tables()", "FROM pragma_show('vault')", "SELECT * FROM show_tables()"],
  ...["DESCRIBE vault", "SUMMARIZE vault", "FROM (DESCRIBE vault)", "FROM (SUMMARIZE shop.public.vault)"],
  ...["DESCRIBE shop.public.vault", "DESCRIBE TABLE vault", "DESC vault", "SHOW vault"],
]

test("no form of SHOW or DESCRIBE names what its user may not see", async (t) => {
  const { attackers, attempt, admin } = await vault(t)
  for (const { name, client } of attackers) {
    for (const sql of waysToList) {
      const said = await attempt(client, sql)
      // A name that stands in the statement tells nothing when an error repeats it.
      const told = sql.includes("vault") ? [canary] : ["vault", "strongroom", "ledger", "Größe", "progress"]
      for (const word of told) assert.ok(!said.includes(word), `${name}: ${sql}\n${said}`)
    }
  }
  const reader = attackers.find(({ name }) => name === "reader")?.client
  assert.ok(reader)
  assert.deepEqual((await reader.query("FROM (SHOW TABLES)")).rows, [{ name: "orders" }])
  assert.deepEqual((await reader.query("SHOW TABLES")).rows, [{ name: "orders" }])
  assert.ok((await admin.query("FROM (SHOW TABLES)")).rows.length > 3)
})
