import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import pg from "pg"
import { testWarehouse } from "../warehouse.ts"
import { hidden, outOfEveryonesReach, writes } from "./attack-statements.ts"

const refusals = [
  "0A000",
  "22023",
  "26000",
  "25006",
  "42501",
  "42601",
  "42704",
  "42939",
  "42P01",
  "54001",
  "55P02",
]

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
