import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import pg from "pg"
import { testWarehouse } from "./warehouse.ts"

/** `FILE` stands for a readable CSV inside the warehouse's folder, `DB` for a database file there. */
const outOfEveryonesReach = [
  "SELECT * FROM read_csv('FILE')",
  "SELECT * FROM read_csv_auto('FILE')",
  "SELECT * FROM READ_TEXT('FILE')",
  "SELECT * FROM \"read_text\"('FILE')",
  "SELECT * FROM read_blob('DB')",
  "SELECT * FROM main.read_text('FILE')",
  "SELECT * FROM system.main.read_text('FILE')",
  "SELECT * FROM pg_catalog.read_text('FILE')",
  "SELECT * FROM read_text/* */('FILE')",
  "SELECT * FROM read_text -- hidden\n ('FILE')",
  "SELECT * FROM 'FILE'",
  'SELECT * FROM "FILE"',
  "SELECT * FROM $$FILE$$",
  "SELECT * FROM $tag$FILE$tag$",
  "SELECT * FROM E'FILE'",
  "FROM 'FILE'",
  'TABLE "FILE"',
  "DESCRIBE 'FILE'",
  "SUMMARIZE 'FILE'",
  "DESCRIBE SELECT * FROM read_text('FILE')",
  "EXPLAIN SELECT * FROM 'FILE'",
  "EXPLAIN ANALYZE SELECT * FROM read_text('FILE')",
  "EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM read_text('FILE')",
  "WITH x AS (SELECT * FROM read_text('FILE')) SELECT * FROM x",
  "WITH x AS MATERIALIZED (FROM 'FILE') SELECT 1 FROM x",
  "SELECT (SELECT content FROM read_text('FILE'))",
  "SELECT 1 WHERE EXISTS (FROM 'FILE')",
  "SELECT 1 UNION ALL SELECT count(*) FROM 'FILE'",
  "SELECT * FROM (VALUES (1)) v, LATERAL (SELECT * FROM read_text('FILE'))",
  "SELECT * FROM orders JOIN 'FILE' ON true",
  "SELECT * FROM orders ORDER BY (SELECT max(content) FROM read_text('FILE'))",
  "SELECT list_transform([1], lambda x: (SELECT max(content) FROM read_text('FILE')))",
  "SELECT * FROM data.csv",
  "SELECT * FROM shop.data.csv",
  "SELECT * FROM glob('FOLDER/*')",
  "SELECT * FROM query('SELECT * FROM read_text(''FILE'')')",
  "SELECT * FROM query_table(['FILE'])",
  "SELECT * FROM sniff_csv('FILE')",
  "SELECT * FROM parquet_metadata('FILE')",
  "SELECT * FROM json_execute_serialized_sql('{}')",
  "SELECT json_serialize_plan('SELECT * FROM orders')",
  "SELECT current_setting('allowed_directories')",
  "SELECT main.current_setting('allowed_directories')",
  "SELECT pg_catalog.current_setting('temp_directory')",
  "SELECT 'allowed_directories'.current_setting()",
  "SHOW allowed_directories",
  "SELECT * FROM duckdb_settings()",
  "SELECT * FROM duckdb_databases()",
  "SELECT * FROM duckdb_databases",
  "SELECT * FROM main.duckdb_databases",
  "SELECT * FROM system.main.duckdb_databases",
  "SELECT * FROM duckdb_secrets()",
  "SELECT * FROM pragma_database_list",
  "SELECT * FROM pragma_database_list()",
  "SELECT * FROM pragma_storage_info('orders')",
  "SELECT * FROM sqlite_master",
  "SELECT * FROM duckdb_logs",
  "SELECT * FROM system.pg_catalog.pg_settings",
  "WITH pg_settings AS (SELECT 1) SELECT * FROM pg_settings",
  "SELECT * FROM (WITH duckdb_databases AS (SELECT 1) FROM duckdb_databases), duckdb_databases",
  "SHOW DATABASES; SHOW ALL TABLES",
  "ATTACH 'DB' AS other",
  "ATTACH ':memory:' AS other",
  "DETACH crm",
  "USE crm",
  "COPY orders TO 'FOLDER/out.csv'",
  "COPY orders FROM 'FILE'",
  "COPY (SELECT 1) TO 'FOLDER/out.csv'",
  "COPY FROM DATABASE crm TO dev",
  "EXPORT DATABASE 'FOLDER/out'",
  "IMPORT DATABASE 'FOLDER'",
  "INSTALL httpfs",
  "LOAD httpfs",
  "LOAD 'FILE'",
  "PRAGMA database_list",
  "PRAGMA table_info('orders')",
  "CALL pragma_version()",
  "SET enable_external_access = true",
  "SET lock_configuration = false",
  "SET GLOBAL memory_limit = '1MB'",
  "RESET lock_configuration",
  "SET VARIABLE x = 1",
  "CREATE SECRET s (TYPE S3, KEY_ID 'a', SECRET 'b')",
  "CREATE PERSISTENT SECRET s (TYPE S3)",
  "CREATE MACRO m() AS TABLE SELECT * FROM read_text('FILE')",
  "CREATE FUNCTION m() AS (SELECT 1)",
  "CREATE TEMP MACRO m(a) AS a",
  "PREPARE p AS SELECT * FROM read_text('FILE')",
  "EXECUTE p",
  "CHECKPOINT",
  "FORCE CHECKPOINT",
  "VACUUM",
  "PIVOT orders ON customer_id USING sum(amount)",
  "FROM orders SELECT nextval('s')",
  "SELECT write_log('x')",
  "SELECT 1; ATTACH 'DB' AS other",
  "SELECT 1 /* ; */; COPY orders TO 'FOLDER/out.csv'",
  "CREATE DATABASE other",
  "COMMENT ON TABLE orders IS 'x'",
  "UPDATE EXTENSIONS",
]

const writes = [
  "INSERT INTO orders VALUES (1)",
  "INSERT INTO shop.public.orders VALUES (1)",
  'INSERT INTO "SHOP".public.orders VALUES (1)',
  "WITH x AS (SELECT 1) INSERT INTO orders SELECT 1, 1, 1, now()",
  "UPDATE orders SET amount = 0",
  "DELETE FROM orders",
  "TRUNCATE orders",
  "MERGE INTO orders USING (SELECT 1 AS id) s ON s.id = orders.id WHEN MATCHED THEN DELETE",
  "DROP TABLE orders",
  "DROP TABLE IF EXISTS nothing, shop.public.orders",
  "DROP VIEW big_orders",
  "DROP SCHEMA public CASCADE",
  "DROP SCHEMA shop.public CASCADE",
  "CREATE TABLE t (a INTEGER)",
  "CREATE TABLE crm.public.t (a INTEGER)",
  "CREATE OR REPLACE TABLE orders AS SELECT 1",
  "CREATE VIEW v AS SELECT 1",
  "CREATE SCHEMA s",
  "CREATE INDEX i ON orders (id)",
  "ALTER TABLE orders DROP COLUMN amount",
  "ALTER TABLE orders RENAME TO gone",
  "EXPLAIN ANALYZE DELETE FROM orders",
  "BEGIN READ WRITE; DELETE FROM orders; COMMIT",
  "SET transaction_read_only = off; DELETE FROM orders",
]

const hidden = [
  "SELECT * FROM millrace.progress",
  "SELECT * FROM shop.millrace.progress",
  'SELECT * FROM shop."MILLRACE".progress',
  "SELECT * FROM shop.millrace.progress AT (VERSION => 1)",
  "DESCRIBE shop.millrace.progress",
  "SET search_path TO millrace; SELECT * FROM progress",
]

const refusals = ["0A000", "25006", "42501", "42601", "42704", "42939", "42P01", "55P02"]

test("nothing reaches files, settings, other engines or the records behind replication", async (t) => {
  const { client: connect, folder, instance } = await testWarehouse(t)
  const file = join(folder, "data.csv")
  await writeFile(file, "canary\n1\n")
  const fill = (sql: string) =>
    sql.replaceAll("FILE", file).replaceAll("DB", join(folder, "crm.duckdb")).replaceAll("FOLDER", folder)
  const before = instance.databases()

  async function refusedFor(client: pg.Client, sql: string): Promise<void> {
    for (const run of [
      () => client.query(fill(sql)),
      () => client.query({ text: fill(sql), values: [], name: `n${sql}`.slice(0, 60) }),
    ]) {
      await assert.rejects(
        run(),
        (error: unknown) => {
          assert.ok(error instanceof pg.DatabaseError, `${sql}: ${String(error)}`)
          assert.ok(refusals.includes(error.code ?? ""), `${sql}: ${error.code} ${error.message}`)
          return true
        },
        sql,
      )
      await client.query("ROLLBACK")
      await client.query("RESET ALL")
    }
  }

  const analyst = await connect("analyst", "shop")
  const admin = await connect("admin", "shop")
  const adminOfDev = await connect("admin", "dev")
  for (const sql of outOfEveryonesReach) {
    for (const client of [analyst, admin, adminOfDev]) await refusedFor(client, sql)
  }
  for (const sql of writes) {
    for (const client of [analyst, admin]) await refusedFor(client, sql)
  }
  for (const sql of hidden) await refusedFor(analyst, sql)
  assert.deepEqual(instance.databases(), before)
  assert.deepEqual((await admin.query("SELECT count(*)::int AS n FROM orders")).rows, [{ n: 1000 }])
  assert.deepEqual((await admin.query("SELECT integration FROM millrace.progress")).rows, [
    { integration: "one" },
  ])
})

test("an administrator's statements in dev cannot carry a file in, or write elsewhere", async (t) => {
  const { client: connect, folder } = await testWarehouse(t)
  const file = join(folder, "data.csv")
  await writeFile(file, "canary\n1\n")
  const admin = await connect("admin", "dev")
  await admin.query("CREATE TABLE t (a VARCHAR)")
  for (const sql of [
    "CREATE TABLE u AS SELECT * FROM 'FILE'",
    "CREATE VIEW v AS SELECT * FROM read_csv('FILE')",
    'CREATE VIEW v AS SELECT * FROM "FILE"',
    "CREATE VIEW v AS SELECT * FROM duckdb_settings()",
    "CREATE VIEW v AS SELECT * FROM pg_settings",
    "INSERT INTO t SELECT content FROM read_text('FILE')",
    "INSERT INTO t SELECT a FROM t, 'FILE'",
    "INSERT INTO t FROM 'FILE'",
    "INSERT INTO t SELECT * FROM data.csv",
    "INSERT INTO t SELECT current_setting('allowed_directories')",
    "UPDATE t SET a = (SELECT content FROM read_text('FILE'))",
    "DELETE FROM t USING 'FILE'",
    "INSERT INTO shop.public.orders VALUES (1)",
    "INSERT INTO memory.pgcat.pg_class VALUES (1)",
    "DROP VIEW memory.pgcat.pg_class",
    "DROP SCHEMA shop CASCADE",
    "CREATE TABLE system.main.x (a INTEGER)",
  ]) {
    await assert.rejects(
      admin.query(sql.replaceAll("FILE", file)),
      (error: unknown) => {
        assert.ok(
          error instanceof pg.DatabaseError && refusals.includes(error.code ?? ""),
          `${sql}: ${String(error)}`,
        )
        return true
      },
      sql,
    )
  }
  await admin.query("INSERT INTO t VALUES ('from ''FILE'' read_text')")
  assert.deepEqual((await admin.query("SELECT * FROM t")).rows, [{ a: "from 'FILE' read_text" }])
})
