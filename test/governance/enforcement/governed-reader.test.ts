import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import type pg from "pg"
import type { TableView } from "../../../src/query/governed-tables.ts"
import { testWarehouse } from "../../sql-port/warehouse.ts"
import { fixedPolicies } from "./fixed-policies.ts"

const table = "shop.public.people"

/** Rows of the user's own region, with the name masked. */
const regionOf = (region: string): TableView => ({
  kind: "filtered",
  sql: `SELECT id, region, CASE WHEN false THEN name ELSE NULL END AS name, salary FROM "shop"."public"."people" WHERE region = '${region}'`,
  columns: [
    { name: "id", type: "INTEGER", isClear: true },
    { name: "salary", type: "INTEGER", isClear: true },
  ],
})
const nothing: TableView = {
  kind: "filtered",
  sql: 'SELECT id, region, name, salary FROM "shop"."public"."people" WHERE false',
}
const byUser = (user: string): TableView => (user === "ada" ? regionOf("north") : nothing)

async function governed(t: TestContext) {
  const policies = fixedPolicies()
  const warehouse = await testWarehouse(t, { governed: policies })
  const connection = await warehouse.instance.connect()
  await connection.run(`
    CREATE TABLE shop.public.people (id INTEGER, region VARCHAR, name VARCHAR, salary INTEGER);
    INSERT INTO shop.public.people VALUES (1, 'north', 'canary ann', 10), (2, 'south', 'canary bob', 20), (3, 'north', 'canary cem', 30);
    CREATE VIEW shop.public.everybody AS SELECT name, region, id FROM people;
    CREATE VIEW shop.public.names (who) AS SELECT name FROM shop.public.everybody`)
  connection.closeSync()
  const admin = await warehouse.client("admin", "shop")
  await admin.query("CREATE USER ada PASSWORD 'Sesame2024'; CREATE USER bob PASSWORD 'Sesame2024'")
  await admin.query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO ada, bob")
  policies.set(table, byUser)
  const ada = await warehouse.client("ada", "shop", { password: "Sesame2024" })
  return { ...warehouse, policies, admin, ada }
}

const rowsOf = async (client: pg.Client, sql: string, values?: unknown[]) =>
  (await client.query({ text: sql, rowMode: "array", ...(values && { values }) })).rows

test("a governed reader sees the rows and values of the policy, an administrator all", async (t) => {
  const { ada, admin, client } = await governed(t)
  const seen = [
    [1, "north", null, 10],
    [3, "north", null, 30],
  ]
  assert.deepEqual(await rowsOf(ada, "SELECT * FROM people ORDER BY id"), seen)
  const bob = await client("bob", "shop", { password: "Sesame2024" })
  assert.deepEqual(await rowsOf(bob, "SELECT * FROM people"), [])
  // Of a role that reads everything, too.
  const analyst = await client("analyst", "shop")
  assert.deepEqual(await rowsOf(analyst, "SELECT * FROM people"), [])
  assert.equal((await rowsOf(admin, "SELECT * FROM people")).length, 3)
  assert.deepEqual(await rowsOf(ada, "SELECT count(*)::int FROM orders"), [[1000]])
})

const forms = [
  "SELECT id FROM public.people ORDER BY 1",
  'SELECT id FROM "shop"."PUBLIC"."People" ORDER BY 1',
  "SELECT public.people.id FROM public.people ORDER BY public.people.id",
  "SELECT shop.public.people.id FROM shop.public.people ORDER BY 1",
  "SELECT p.id FROM people p ORDER BY p.id",
  "SELECT a FROM people p(a) ORDER BY a",
  "WITH p AS (SELECT * FROM people) SELECT id FROM p ORDER BY 1",
  "SELECT id FROM (TABLE people) x ORDER BY 1",
  "FROM people SELECT id ORDER BY 1",
  "SELECT id FROM people WHERE id IN (SELECT id FROM people) ORDER BY 1",
  "SELECT id FROM people JOIN (SELECT id FROM people) q USING (id) ORDER BY 1",
  "SELECT id FROM people UNION SELECT id FROM people ORDER BY 1",
  "SELECT id FROM everybody ORDER BY 1",
  "SELECT id FROM people WHERE salary + 0 > 0 ORDER BY 1",
  "SELECT people.id FROM people ORDER BY people.id",
]

test("every form of a query reaches the policy's rows only", async (t) => {
  const { ada } = await governed(t)
  for (const sql of forms) assert.deepEqual(await rowsOf(ada, sql), [[1], [3]], sql)
  assert.deepEqual(await rowsOf(ada, "SELECT * FROM names"), [[null], [null]])
})

test("a changed policy holds for the next statement, also where it was prepared before", async (t) => {
  const { ada, policies } = await governed(t)
  const prepared = {
    name: "p",
    text: "SELECT id FROM people WHERE id > $1 ORDER BY id",
    values: [0],
    rowMode: "array",
  }
  const run = async () => (await ada.query(prepared as pg.QueryArrayConfig)).rows
  assert.deepEqual(await run(), [[1], [3]])
  policies.set(table, () => regionOf("south"))
  assert.deepEqual(await run(), [[2]])
  policies.set(table, undefined)
  assert.deepEqual(await run(), [[1], [2], [3]])
})

test("a cursor shows nothing more once the policy has changed", async (t) => {
  const { ada, policies } = await governed(t)
  await ada.query("BEGIN")
  await ada.query("DECLARE c CURSOR FOR SELECT id, name FROM people ORDER BY id")
  assert.deepEqual(await rowsOf(ada, "FETCH 1 FROM c"), [[1, null]])
  // Somebody else's rights leave it alone.
  policies.set(table, (user) => (user === "ada" ? regionOf("north") : regionOf("south")))
  assert.deepEqual(await rowsOf(ada, "FETCH 1 FROM c"), [[3, null]])
  policies.set(table, () => regionOf("south"))
  await assert.rejects(ada.query("FETCH 1 FROM c"), { code: "40001" })
  await ada.query("ROLLBACK")
})

test("what cannot be told or applied is refused, with the reason", async (t) => {
  const { ada, admin, policies } = await governed(t)
  policies.set(table, () => ({ kind: "refused", problem: "its column ssn is missing" }))
  await assert.rejects(ada.query("SELECT * FROM people"), {
    code: "42501",
    message: /its column ssn is missing/,
  })
  policies.forget("the state database cannot be read")
  for (const name of ["people", "orders"])
    await assert.rejects(ada.query(`SELECT * FROM ${name}`), { code: "42501", message: /state database/ })
  assert.equal((await rowsOf(admin, "SELECT * FROM people")).length, 3)
})
