import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { testDatabase } from "../support/postgres.ts"
import { topics } from "./redshift-cases/all-cases.ts"
import { asPostgres } from "./redshift-cases/as-postgres.ts"
import { statementOf, type Topic } from "./redshift-cases/case-table.ts"
import { testWarehouse } from "./warehouse.ts"

const booleanOid = 16
const types = {
  getTypeParser: (oid: number) => (text: string) => (oid === booleanOid ? String(text === "t") : text),
} as pg.CustomTypesConfig

/** As the table of cases writes an answer. */
async function answered(client: pg.Client, text: string): Promise<string> {
  try {
    const { rows } = await client.query<unknown[]>({ text, rowMode: "array" })
    return (rows ?? []).map((row) => row.map(String).join(", ")).join(" ; ")
  } catch (error) {
    if (error instanceof pg.DatabaseError) return `!${error.code}`
    throw error
  }
}

async function differences(client: pg.Client, asked: readonly Topic[]): Promise<string[]> {
  const found: string[] = []
  for (const { cases } of asked) {
    for (const one of cases) {
      const said = await answered(client, statementOf(one))
      if (said !== one[1]) found.push(`${statementOf(one)}: ${said} instead of ${one[1]}`)
    }
  }
  return found
}

test("every row of the table of cases is answered as Redshift answers it, by an administrator and by a user", async (t) => {
  const { client } = await testWarehouse(t)
  const admin = await client("admin", "dev", { types })
  await admin.query("CREATE USER eve PASSWORD 'Sesame2024'")
  const eve = await client("eve", "dev", { password: "Sesame2024", types })
  assert.ok(topics.flatMap(({ cases }) => cases).length > 60)
  assert.deepEqual(await differences(admin, topics), [])
  assert.deepEqual(
    await differences(
      eve,
      topics.filter(({ isAdministrators }) => isAdministrators !== true),
    ),
    [],
  )
})

test("a session of the engine's dialect has the engine's answers", async (t) => {
  const { client } = await testWarehouse(t)
  const admin = await client("admin", "dev", { types })
  await admin.query("SET millrace.dialect = 'duckdb'")
  for (const [sql, answer] of [
    ["SELECT 'abc' ~ 'b', 7 / 2, 1 / 0", "false, 3.5, Infinity"],
    ["SELECT x FROM (VALUES (1), (NULL), (2)) t(x) ORDER BY x DESC LIMIT 1", "2"],
    ["SELECT avg(x) FROM (VALUES (1), (2)) t(x)", "1.5"],
  ] as const)
    assert.equal(await answered(admin, sql), answer, sql)
  await admin.query("SET millrace.dialect = 'redshift'")
  assert.equal(await answered(admin, "SELECT 'abc' ~ 'b', 7 / 2"), "true, 3")
  assert.equal(await answered(admin, "SET millrace.dialect = 'oracle'"), "!22023")
})

test("operators group, and functions return rows, as in a PostgreSQL asked the same", async (t) => {
  const { client } = await testWarehouse(t)
  const ours = await client("admin", "dev", { types })
  const database = await testDatabase()
  const theirs = new pg.Client({ connectionString: database.url, types })
  await theirs.connect()
  t.after(async () => {
    await theirs.end()
    await database.drop()
  })
  const found: string[] = []
  for (const sql of asPostgres) {
    const [said, right] = [await answered(ours, sql), await answered(theirs, sql)]
    if (said !== right) found.push(`${sql}: ${said} instead of ${right}`)
  }
  assert.deepEqual(found, [])
})

test("default_transaction_read_only refuses changes outside BEGIN, and READ WRITE overrides it", async (t) => {
  const { client } = await testWarehouse(t)
  const admin = await client("admin", "dev")
  const database = await testDatabase()
  const theirs = new pg.Client({ connectionString: database.url })
  await theirs.connect()
  t.after(async () => {
    await theirs.end()
    await database.drop()
  })
  for (const sql of [
    "CREATE TABLE t (a int)",
    "INSERT INTO t VALUES (1)",
    "SET default_transaction_read_only = on",
    "INSERT INTO t VALUES (2)",
    "SHOW transaction_read_only",
    "CREATE TABLE u (a int)",
    "UPDATE t SET a = 3",
    "CREATE USER somebody PASSWORD 'Sesame2024'",
    "BEGIN",
    "SHOW transaction_read_only",
    "DELETE FROM t",
    "ROLLBACK",
    "BEGIN READ WRITE",
    "INSERT INTO t VALUES (4)",
    "COMMIT",
    "BEGIN",
    "SET TRANSACTION READ WRITE",
    "INSERT INTO t VALUES (5)",
    "SET TRANSACTION READ ONLY",
    "INSERT INTO t VALUES (6)",
    "ROLLBACK",
    "SELECT a FROM t ORDER BY a",
    "SET default_transaction_read_only = off",
    "INSERT INTO t VALUES (7)",
    "SELECT a FROM t ORDER BY a",
  ])
    assert.equal(await answered(admin, sql), await answered(theirs, sql), sql)
})
