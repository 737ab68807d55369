import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { openStore } from "../../../src/state/store.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type TestWarehouse, testWarehouse } from "../warehouse.ts"

const secret = "Sesame2024"

async function as(warehouse: TestWarehouse, user: string, database: string, password = secret) {
  return warehouse.client(user, database, { password })
}

async function refusal(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof pg.DatabaseError, `expected a refusal, got ${String(error)}`)
  return error.code ?? ""
}

const readOrders = "SELECT count(*)::int AS n FROM public.orders"

test("a user lives from CREATE USER to DROP USER", async (t) => {
  const warehouse = await testWarehouse(t)
  const admin = await warehouse.client("admin", "shop")
  await admin.query(`CREATE USER eve PASSWORD '${secret}'`)
  assert.equal(await refusal(admin.query(`CREATE USER eve PASSWORD '${secret}'`)), "42710")
  assert.equal(await refusal(as(warehouse, "eve", "dev", "wrong")), "28P01")
  assert.equal(await refusal(as(warehouse, "eve", "shop")), "42501")
  const eve = await as(warehouse, "eve", "dev")
  assert.deepEqual((await eve.query("SELECT current_user AS who")).rows, [{ who: "eve" }])

  await eve.query("ALTER USER eve PASSWORD 'Another2024'")
  assert.equal(await refusal(as(warehouse, "eve", "dev")), "28P01")
  await as(warehouse, "eve", "dev", "Another2024")
  for (const sql of [
    `CREATE USER mallory PASSWORD '${secret}'`,
    "ALTER USER eve CREATEUSER",
    "ALTER USER admin PASSWORD 'Another2024'",
    "GRANT SELECT ON ALL TABLES IN SCHEMA main TO eve",
    "DROP USER eve",
  ]) {
    assert.match(await refusal(eve.query(sql)), /42501|22023/, sql)
  }

  await admin.query("ALTER USER eve VALID UNTIL '2020-01-01'")
  assert.equal(await refusal(as(warehouse, "eve", "dev", "Another2024")), "28P01")
  await admin.query("ALTER USER eve VALID UNTIL 'infinity' CREATEUSER")
  const superuser = await as(warehouse, "eve", "shop", "Another2024")
  assert.deepEqual((await superuser.query(readOrders)).rows, [{ n: 1000 }])
  await admin.query("ALTER USER eve NOCREATEUSER PASSWORD DISABLE")
  assert.equal(await refusal(superuser.query(readOrders)), "42501")
  assert.equal(await refusal(as(warehouse, "eve", "dev", "Another2024")), "28P01")

  await admin.query("DROP USER eve")
  assert.equal(await refusal(eve.query("SELECT 1")), "57P01")
  assert.equal(await refusal(admin.query("DROP USER eve")), "42704")
  await admin.query("DROP USER IF EXISTS eve")
  assert.ok(warehouse.logged.every((line) => !line.includes(secret) && !line.includes("Another2024")))
})

test("options that would not be kept, and passwords that would not hold, are refused", async (t) => {
  const { client } = await testWarehouse(t)
  const admin = await client("admin", "dev")
  for (const [sql, code] of [
    ["CREATE USER u PASSWORD 'short'", "22023"],
    ["CREATE USER u PASSWORD 'md5202cb962ac59075b964b07152d234b70'", "0A000"],
    ["CREATE USER u IN GROUP g", "0A000"],
    ["CREATE USER u CONNECTION LIMIT 3", "0A000"],
    ["CREATE USER u VALID UNTIL 'someday'", "22007"],
    ["CREATE USER u NONSENSE Sesame2024", "42601"],
    ["CREATE USER public", "22023"],
    ["CREATE USER pg_x", "22023"],
    ["CREATE GROUP g", "0A000"],
    ["CREATE ROLE r", "0A000"],
    ["ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO u", "0A000"],
    ["GRANT SELECT ON shop.public.orders TO GROUP g", "0A000"],
    ["GRANT SELECT (id) ON shop.public.orders TO analyst", "0A000"],
    ["GRANT UPDATE ON shop.public.orders TO analyst", "0A000"],
    ["GRANT SELECT ON shop.public.orders TO analyst WITH GRANT OPTION", "0A000"],
    ["GRANT SELECT ON shop.public.nothing TO analyst", "42P01"],
    ["GRANT SELECT ON shop.public.orders TO nobody", "42704"],
    ["GRANT SELECT ON shop.millrace.progress TO analyst", "42501"],
    ["GRANT SELECT ON ALL TABLES IN SCHEMA shop.millrace TO analyst", "42501"],
    ["GRANT USAGE ON SCHEMA shop.nothing TO analyst", "3F000"],
    ["GRANT USAGE ON DATABASE nothing TO analyst", "3D000"],
    ["GRANT USAGE ON shop.public.orders TO analyst", "0LP01"],
    ["GRANT INSERT ON shop.public.orders TO analyst", "25006"],
    ["BEGIN; GRANT USAGE ON DATABASE shop TO analyst", "25001"],
  ] as const) {
    assert.equal(await refusal(admin.query(sql)), code, sql)
    await admin.query("ROLLBACK")
  }
  const message = await admin
    .query("CREATE USER u NONSENSE Sesame2024")
    .catch((error: Error) => error.message)
  assert.doesNotMatch(String(message), /Sesame/i)
})

test("the state database keeps a verifier, never the password; users and grants outlive the server", async (t) => {
  const warehouse = await testWarehouse(t)
  const admin = await warehouse.client("admin", "shop")
  await admin.query(`CREATE USER eve PASSWORD '${secret}'; GRANT SELECT ON orders TO eve`)
  const store = await openStore(warehouse.stateUrl)
  t.after(() => store.close())
  const [kept] = await store.sqlUsers.all()
  assert.match(kept?.verifier ?? "", /^SCRAM-SHA-256\$4096:/)
  assert.ok(!JSON.stringify(kept).includes(secret))
  assert.deepEqual(await store.sqlUsers.grants(), [
    { grantee: "eve", privilege: "select", database: "shop", schema: "public", table: "orders" },
  ])
  // What another process writes is seen here after a while.
  await store.sqlUsers.remove("eve")
  await waitUntil(async () => warehouse.users.find("eve") === undefined, { what: "eve to be gone here, too" })
})

test("SELECT on a table, a schema or a database opens that and nothing else, and REVOKE closes it at once", async (t) => {
  const warehouse = await testWarehouse(t)
  const admin = await warehouse.client("admin", "shop")
  await admin.query(`CREATE USER eve PASSWORD '${secret}'`)
  await admin.query("GRANT SELECT ON orders TO eve")
  const eve = await as(warehouse, "eve", "shop")
  for (const sql of [
    readOrders,
    "SELECT count(*)::int AS n FROM orders",
    "SELECT count(*)::int AS n FROM shop.public.orders o",
    'SELECT count(*)::int AS n FROM "ORDERS"',
    "WITH x AS (SELECT * FROM orders) SELECT count(*)::int AS n FROM x",
    "WITH orders AS (SELECT * FROM public.orders) SELECT count(*)::int AS n FROM orders",
    "SELECT (SELECT count(*)::int FROM orders) AS n",
    "SELECT count(*)::int AS n FROM orders a JOIN orders b USING (id)",
    "SELECT count(*)::int AS n FROM orders TABLESAMPLE 100%",
    "SELECT count(*)::int AS n FROM orders WHERE id BETWEEN -1e0 AND 3e20",
  ]) {
    assert.deepEqual((await eve.query(sql)).rows, [{ n: 1000 }], sql)
  }
  for (const sql of [
    "SELECT * FROM big_orders",
    'SELECT * FROM "Größe ""x"""',
    "SELECT * FROM crm.public.customers",
    "WITH x AS (SELECT 1) SELECT * FROM x, big_orders",
    "SELECT * FROM orders WHERE EXISTS (FROM crm.public.customers)",
    "SELECT * FROM millrace.progress",
  ]) {
    assert.equal(await refusal(eve.query(sql)), "42501", sql)
  }
  assert.equal(await refusal(eve.query("SET ROLE admin")), "22023")

  const prepared = { name: "p", text: readOrders }
  await eve.query(prepared)
  await admin.query("REVOKE SELECT ON orders FROM eve")
  assert.equal(await refusal(eve.query(prepared)), "42501")
  assert.equal(await refusal(eve.query(readOrders)), "42501")

  await admin.query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO eve")
  assert.deepEqual((await eve.query("SELECT count(*)::int AS n FROM big_orders")).rows, [{ n: 199 }])
  assert.equal(await refusal(admin.query("REVOKE SELECT ON orders FROM eve")), "22023")
  await admin.query("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM eve")
  assert.equal(await refusal(eve.query(readOrders)), "42501")

  await admin.query("GRANT SELECT FOR TABLES IN DATABASE crm TO PUBLIC")
  assert.deepEqual((await eve.query("SELECT count(*)::int AS n FROM crm.public.customers")).rows, [{ n: 10 }])
})

test("a schema other than public needs USAGE, and tables made later are covered by the schema's grant", async (t) => {
  const warehouse = await testWarehouse(t)
  const admin = await warehouse.client("admin", "dev")
  await admin.query("CREATE SCHEMA marts; CREATE TABLE marts.a AS SELECT 1 AS x")
  await admin.query(`CREATE USER eve PASSWORD '${secret}'; GRANT SELECT ON ALL TABLES IN SCHEMA marts TO eve`)
  const eve = await as(warehouse, "eve", "dev")
  assert.equal(await refusal(eve.query("SELECT * FROM marts.a")), "42501")
  await admin.query("GRANT USAGE ON SCHEMA marts TO eve")
  assert.deepEqual((await eve.query("SELECT * FROM marts.a")).rows, [{ x: 1 }])
  await admin.query("CREATE TABLE marts.b AS SELECT 2 AS x")
  assert.deepEqual((await eve.query("SELECT * FROM marts.b")).rows, [{ x: 2 }])
  assert.deepEqual(
    (await eve.query("SHOW GRANTS FOR eve")).rows.map((row) => Object.values(row)),
    [
      ["dev", "marts", null, "SCHEMA", "SELECT", "eve", "user", "TABLES"],
      ["dev", "marts", null, "SCHEMA", "USAGE", "eve", "user", "SCHEMA"],
    ],
  )
  assert.equal(await refusal(eve.query("SHOW GRANTS FOR analyst")), "42501")
})

test("the catalogs show what the user may see", async (t) => {
  const warehouse = await testWarehouse(t)
  const admin = await warehouse.client("admin", "shop")
  await admin.query(`CREATE USER eve PASSWORD '${secret}'; GRANT SELECT ON orders TO eve`)
  const eve = await as(warehouse, "eve", "shop")
  const names = async (client: pg.Client, sql: string) =>
    (await client.query({ text: sql, rowMode: "array" })).rows.map((row: string[]) => row[0]).sort()
  for (const [sql, seen] of [
    ["SELECT relname FROM pg_class WHERE relkind IN ('r', 'v')", ["orders"]],
    ["SELECT tablename FROM pg_tables", ["orders"]],
    ["SELECT viewname FROM pg_views", []],
    ["SELECT table_name FROM information_schema.tables", ["orders"]],
    ["SELECT DISTINCT table_name FROM information_schema.columns", ["orders"]],
    ["SELECT DISTINCT attrelid::regclass::text FROM pg_attribute", ["orders"]],
    ["SELECT datname FROM pg_database", ["dev", "shop"]],
    ["SHOW TABLES", ["orders"]],
  ] as const) {
    assert.deepEqual(await names(eve, sql), seen, sql)
  }
  assert.ok((await names(admin, "SELECT relname FROM pg_class")).includes("big_orders"))
  assert.deepEqual(await names(admin, "SELECT rolname FROM pg_roles"), ["admin", "analyst", "eve", "loader"])
  await admin.query("REVOKE SELECT ON orders FROM eve")
  assert.deepEqual(await names(eve, "SELECT relname FROM pg_class"), [])

  // The warehouse keeps names apart that Unicode's lower case would make one.
  const inDev = await warehouse.client("admin", "dev")
  await inDev.query(
    'CREATE TABLE "Ä" AS SELECT 1 AS a; CREATE TABLE "ä" AS SELECT 2 AS a; GRANT SELECT ON "Ä" TO eve',
  )
  await inDev.query("GRANT USAGE, CREATE ON SCHEMA main TO eve")
  const eveInDev = await as(warehouse, "eve", "dev")
  assert.deepEqual(await names(eveInDev, "SELECT relname FROM pg_class"), ["Ä"])
  assert.deepEqual((await eveInDev.query('SELECT * FROM "Ä"')).rows, [{ a: 1 }])
  assert.equal(await refusal(eveInDev.query('SELECT * FROM "ä"')), "42501")
})

test("writing in dev takes a grant, and stays there", async (t) => {
  const warehouse = await testWarehouse(t)
  const admin = await warehouse.client("admin", "dev")
  await admin.query(`CREATE USER eve PASSWORD '${secret}'; CREATE TABLE t (id INTEGER, name VARCHAR)`)
  const eve = await as(warehouse, "eve", "dev")
  assert.equal(await refusal(eve.query("INSERT INTO t VALUES (1, 'a')")), "42501")
  assert.equal(await refusal(eve.query("CREATE TABLE u (a INTEGER)")), "42501")
  await admin.query("GRANT USAGE, CREATE ON SCHEMA main TO eve")
  await admin.query("GRANT ALL ON ALL TABLES IN SCHEMA main TO eve")
  await eve.query("INSERT INTO t (id, name) VALUES ($1, $2)", [1, "a"])
  await eve.query("INSERT INTO t SELECT id + 1, name || 'b' FROM t")
  await eve.query("CREATE TABLE u (id INTEGER PRIMARY KEY, n NUMERIC(10, 2), seen TIMESTAMP NOT NULL)")
  await eve.query("CREATE TABLE w AS SELECT * FROM t")
  assert.equal((await eve.query("DELETE FROM w WHERE id = 1")).rowCount, 1)
  // Numbers longer than a double are kept digit for digit in the tree.
  const long = "12345678901234567890123456789012345"
  assert.equal((await eve.query(`DELETE FROM w WHERE id = ${long} OR ${long} / id < 0`)).rowCount, 0)
  assert.deepEqual((await eve.query("SELECT * FROM w")).rows, [{ id: 2, name: "ab" }])
  await eve.query("BEGIN; CREATE TABLE x (a INTEGER); INSERT INTO x VALUES (1); COMMIT")
  await eve.query("TRUNCATE x; DROP TABLE x; DROP TABLE w")
  for (const sql of [
    "INSERT INTO t SELECT id, name FROM crm.public.customers",
    "CREATE TABLE z AS SELECT * FROM shop.public.orders",
    "INSERT INTO shop.public.orders VALUES (1)",
    "CREATE TABLE shop.public.z (a INTEGER)",
    "DELETE FROM t WHERE id IN (SELECT id FROM crm.public.customers)",
    "CREATE TABLE z (a INTEGER DEFAULT (SELECT max(id) FROM crm.public.customers))",
    "CREATE TABLE z (a INTEGER CHECK (a > 0))",
    "INSERT INTO t VALUES (1, 'a') RETURNING (SELECT max(name) FROM crm.public.customers)",
    "CREATE VIEW v AS SELECT * FROM shop.public.orders",
    "UPDATE t SET name = 'x'",
    "CREATE SCHEMA s",
    "DROP SCHEMA main",
  ]) {
    assert.match(await refusal(eve.query(sql)), /42501|25006|0A000|42601/, sql)
  }
})

test("a partner's user loads into the partner's databases, until the partner is deleted", async (t) => {
  const authorised = new Set<string>()
  const warehouse = await testWarehouse(t, { databasesOfPartner: async () => authorised })
  const loader = await warehouse.client("loader", "dev")
  assert.equal(await refusal(loader.query("CREATE TABLE landed (a INTEGER)")), "42501")
  authorised.add("dev")
  await loader.query("CREATE TABLE landed (a INTEGER); INSERT INTO landed VALUES (1)")
  const insert = { name: "more", text: "INSERT INTO landed SELECT a + 1 FROM landed" }
  await loader.query(insert)
  assert.deepEqual((await loader.query("SELECT count(*)::int AS n FROM landed")).rows, [{ n: 2 }])
  for (const sql of ["SELECT * FROM shop.public.orders", "DROP TABLE landed", "DELETE FROM landed"]) {
    assert.equal(await refusal(loader.query(sql)), "42501", sql)
  }
  authorised.clear()
  for (const sql of [
    insert,
    "INSERT INTO landed VALUES (1)",
    "SELECT * FROM landed",
    "CREATE TABLE l (a INTEGER)",
  ]) {
    assert.equal(await refusal(loader.query(sql)), "42501")
  }
})

test("a statement of somebody who is no administrator ends in time, whatever the session has set", async (t) => {
  const { client } = await testWarehouse(t, { statementTimeoutMs: 2_000 })
  const analyst = await client("analyst", "shop")
  await analyst.query("SET statement_timeout = 0")
  const endless = "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r"
  assert.equal(await refusal(analyst.query(endless)), "57014")
  assert.deepEqual((await analyst.query("SELECT 1 AS one")).rows, [{ one: 1 }])
})
