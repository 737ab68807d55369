/** What people put on a replicated table outlasts its copies and its changes of shape. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import pg from "pg"
import { positionFrom } from "../../../src/domain/position.ts"
import type { TableSchema } from "../../../src/domain/table.ts"
import type { Destination } from "../../../src/replication/contracts/warehouse.ts"
import { openPostgresWarehouse } from "../../../src/warehouses/postgres/warehouse.ts"
import { batchOf, contractTable, loaded } from "../../contract/warehouse-rows.ts"
import { testDatabase } from "../../support/postgres.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"

const table = contractTable("t")

interface Home {
  destination: Destination
  ask(sql: string): Promise<unknown[][]>
}

/** Table `t` of destination database `d` is live, with one row. */
async function home(context: TestContext): Promise<Home> {
  const { url, drop } = await testDatabase()
  const stagingPath = await temporaryFolder("postgres-dependents")
  const reader = new pg.Client({ connectionString: url })
  reader.on("error", () => undefined)
  await reader.connect()
  context.after(async () => {
    await reader.end()
    await drop()
    await removeFolder(stagingPath)
  })
  const warehouse = openPostgresWarehouse({ url, layout: "schemas", stagingPath })
  const destination = await warehouse.open({ database: "d", pipeline: "p", generation: 1 })
  await loaded(destination, table, [[1, "a", "b"]])
  await destination.copies.completeSnapshot([table], positionFrom("1"))
  await reader.query('SET search_path = "d.public"')
  const ask = async (sql: string) => (await reader.query<unknown[]>({ text: sql, rowMode: "array" })).rows
  return { destination, ask }
}

const views = `
  CREATE VIEW outer_view WITH (security_barrier=true) AS SELECT id, a FROM t;
  CREATE VIEW inner_view AS SELECT id FROM outer_view WHERE a <> '';
  COMMENT ON VIEW inner_view IS 'it''s mine';
  GRANT SELECT ON inner_view TO PUBLIC;
  GRANT SELECT (a) ON outer_view TO PUBLIC`

const facts = `SELECT c.relname, c.reloptions::text, c.relacl::text, obj_description(c.oid, 'pg_class'), a.attacl::text
  FROM pg_class AS c LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'a'
  WHERE c.relname IN ('outer_view', 'inner_view') ORDER BY 1`

test("views on a table, and on those, outlast a fresh copy, with options, grants and comments", async (context) => {
  const { destination, ask } = await home(context)
  await ask(views)
  await ask("GRANT SELECT ON t TO PUBLIC")
  const before = await ask(facts)
  const grants = await ask("SELECT relacl::text FROM pg_class WHERE oid = 't'::regclass")
  await loaded(destination, table, [[2, "x", null]])
  assert.deepEqual(await ask("SELECT * FROM inner_view"), [[2]])
  assert.deepEqual(await ask(facts), before)
  const after = await ask("SELECT relacl::text FROM pg_class WHERE oid = 't'::regclass")
  assert.match(String(after[0]?.[0]), /[{,]=r\//)
  assert.match(String(grants[0]?.[0]), /[{,]=r\//)
})

test("a view outlasts a column that goes beside it, and comes back with one that it needs", async (context) => {
  const { destination, ask } = await home(context)
  await ask("CREATE VIEW of_a AS SELECT id, a FROM t; CREATE VIEW of_b AS SELECT id, b FROM t")
  const without: TableSchema = { ...table, columns: table.columns.slice(0, 2) }
  const altered = (from: TableSchema, to: TableSchema, origins: (number | undefined)[]) => ({
    table: to,
    alteration: { from, to, origins, fill: undefined },
    parts: [],
    runs: [],
  })
  await destination.notes.position()
  await destination.rows.apply(batchOf("2", altered(table, without, [0, 1])))
  assert.deepEqual(await ask("SELECT * FROM of_a"), [[1, "a"]])
  await assert.rejects(ask("SELECT * FROM of_b"), /does not exist/)
  assert.deepEqual(await ask('SELECT view FROM "d.millrace".views_aside'), [['"d.public".of_b']])
  await destination.rows.apply(batchOf("3", altered(without, table, [0, 1, undefined])))
  await loaded(destination, table, [[2, "x", "y"]])
  assert.deepEqual(await ask("SELECT * FROM of_b"), [[2, "y"]])
})

test("a table that has more on it stays, and takes the copy's rows", async (context) => {
  const { destination, ask } = await home(context)
  await ask("CREATE INDEX mine ON t (a); CREATE MATERIALIZED VIEW of_t AS SELECT * FROM t")
  await ask("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id > 0)")
  const before = await ask("SELECT 't'::regclass::oid, 'mine'::regclass::oid")
  await loaded(destination, table, [[2, "x", null]])
  assert.deepEqual(await ask("SELECT * FROM t"), [[2, "x", null]])
  assert.deepEqual(await ask("SELECT 't'::regclass::oid, 'mine'::regclass::oid"), before)
})

test("a table that is dropped at the source takes its views along, and they come back with it", async (context) => {
  const { destination, ask } = await home(context)
  await ask("CREATE VIEW of_t AS SELECT * FROM t")
  await destination.notes.position()
  await destination.rows.apply({ ...batchOf("2"), dropped: [table] })
  await assert.rejects(ask("SELECT * FROM of_t"), /does not exist/)
  await loaded(destination, table, [[3, "x", null]])
  assert.deepEqual(await ask("SELECT * FROM of_t"), [[3, "x", null]])
})

test("what people have made in a table's place is left alone; the table comes once it is gone", async (context) => {
  const { destination, ask } = await home(context)
  const other = contractTable("mine")
  await ask("CREATE TABLE mine AS SELECT 'precious' AS v")
  const load = () => loaded(destination, other, [[7, "x", "y"]])
  await assert.rejects(load(), { kind: "tableFailed", message: /Millrace did not make/ })
  assert.deepEqual(await ask("SELECT v FROM mine"), [["precious"]])
  await ask("DROP TABLE mine; CREATE VIEW mine AS SELECT 'a view' AS v")
  await assert.rejects(load(), { kind: "tableFailed" })
  await ask("DROP VIEW mine")
  await load()
  assert.deepEqual(await ask("SELECT id, a FROM mine"), [[7, "x"]])
  await loaded(destination, other, [[8, "x", "y"]])
  assert.deepEqual(await ask("SELECT id FROM mine"), [[8]], "its own is replaced as ever")
  await destination.close()
})
