import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import type { DuckDBConnection } from "@duckdb/node-api"
import pg from "pg"
import { transactionOn } from "../../../src/query/duckdb/session/transaction.ts"
import type { DuckDbInstance } from "../../../src/warehouses/duckdb/files/instance.ts"
import { testWarehouse } from "../warehouse.ts"
import { waysToWriteElsewhere } from "./ways-to-write-elsewhere.ts"

/** All that a statement could have changed in it. */
async function contentsOfShop(instance: DuckDbInstance): Promise<string> {
  const connection = await instance.connect()
  try {
    const ask = async (sql: string) => String(await (await connection.run(sql)).getRows())
    const objects = ["schemas", "tables", "views", "columns", "indexes", "sequences", "types"].map((kind) =>
      ask(`SELECT * FROM duckdb_${kind}() WHERE database_name = 'shop' ORDER BY ALL`),
    )
    const rows = ask("SELECT * FROM shop.public.orders ORDER BY ALL")
    return (await Promise.all([...objects, rows])).join("\n")
  } finally {
    connection.closeSync()
  }
}

/** Each statement of the text; nothing to do with rights: the engine itself is asked. */
async function runOnEngine(connection: DuckDBConnection, sql: string): Promise<void> {
  for (const part of sql.split(";")) await (await connection.run(part)).getRows()
}

test("the engine itself lets a confined transaction change one database only, however it is said", async (t) => {
  const { instance, folder } = await testWarehouse(t)
  const file = join(folder, "orders.csv")
  await writeFile(file, "id\n1\n")
  const before = await contentsOfShop(instance)
  const connection = await instance.connect()
  t.after(() => connection.closeSync())
  await connection.run("CREATE TABLE dev.main.t (a INTEGER)")
  // Whole databases go in and out without a change to any: that these kinds do not run is asked of the port below.
  for (const sql of waysToWriteElsewhere.filter((one) => !/^(ATTACH|DETACH|EXPLAIN)|BEGIN|SET /.test(one))) {
    await connection.run("USE dev")
    const transaction = transactionOn(
      connection,
      () => true,
      () => false,
    )
    await transaction.ensure()
    await transaction.writeOnlyIn("dev")
    await assert.rejects(runOnEngine(connection, sql.replaceAll("FILE", file)), sql)
    await transaction.rollback()
    await connection.run("DEALLOCATE ALL").catch(() => undefined)
  }
  const transaction = transactionOn(
    connection,
    () => true,
    () => false,
  )
  await transaction.ensure()
  await transaction.writeOnlyIn("dev")
  await connection.run("INSERT INTO dev.main.t VALUES (1)")
  await assert.rejects(connection.run("DELETE FROM shop.public.orders"), /single transaction can only write/)
  await transaction.rollback()
  assert.equal(await contentsOfShop(instance), before)
})

test("no administrator changes a replicated table, from wherever and with whatever", async (t) => {
  const { client: connect, instance, folder } = await testWarehouse(t)
  const before = await contentsOfShop(instance)
  const [dev, shop] = [await connect("admin", "dev"), await connect("admin", "shop")]
  await dev.query("CREATE TABLE t (a INTEGER)")
  for (const client of [dev, shop]) {
    for (const sql of waysToWriteElsewhere) {
      const text = sql
        .replaceAll("FILE", join(folder, "orders.csv"))
        .replaceAll("DB", join(folder, "crm.duckdb"))
      for (const run of [() => client.query(text), () => client.query({ text, values: [] })]) {
        await assert.rejects(run(), pg.DatabaseError, sql)
        await client.query("ROLLBACK")
        await client.query("RESET ALL")
      }
    }
  }
  assert.equal(await contentsOfShop(instance), before)
  await dev.query("INSERT INTO t VALUES (1)")
  assert.deepEqual((await dev.query("SELECT * FROM t")).rows, [{ a: 1 }])
})

test("an administrator writes any database that is not replicated, one in a transaction", async (t) => {
  const { client: connect, instance } = await testWarehouse(t, {
    isReplicated: (database) => database === "shop" || database === "crm",
  })
  await instance.ensureDatabase("own")
  const admin = await connect("admin", "dev")
  await admin.query("CREATE TABLE own.main.t (a INTEGER)")
  await admin.query("INSERT INTO own.main.t SELECT id FROM shop.public.orders LIMIT 3")
  await admin.query("CREATE SCHEMA own.more")
  await admin.query("CREATE SCHEMA here")
  await admin.query("CREATE TABLE here.u AS FROM own.main.t")
  assert.equal((await admin.query("SELECT count(*)::int AS n FROM here.u")).rows[0].n, 3)
  await admin.query("BEGIN")
  await admin.query("DELETE FROM here.u")
  await assert.rejects(admin.query("DELETE FROM own.main.t"), { code: "25000" })
  await admin.query("ROLLBACK")
})

test("a statement prepared before its database became replicated changes nothing after", async (t) => {
  const replicated = new Set(["shop", "crm"])
  const { client: connect, instance } = await testWarehouse(t, {
    isReplicated: (database) => replicated.has(database),
  })
  await instance.ensureDatabase("own")
  const admin = await connect("admin", "dev")
  await admin.query("CREATE TABLE own.main.t (a INTEGER)")
  const insert = { name: "insert", text: "INSERT INTO own.main.t VALUES ($1)", values: [1] }
  await admin.query(insert)
  replicated.add("own")
  await assert.rejects(admin.query(insert), { code: "25006" })
  replicated.delete("own")
  assert.deepEqual((await admin.query("SELECT * FROM own.main.t")).rows, [{ a: 1 }])
})
