import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import type pg from "pg"
import { testWarehouse } from "../../../test/sql-port/warehouse.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { connectForText } from "../connect.ts"
import { askThrough, type Comparison, compareTables } from "./compare.ts"

interface Databases {
  source: pg.Client
  warehouse: pg.Client
  compare(): Promise<Comparison>
}

/** A PostgreSQL and a DuckDB behind the SQL port, each with a schema `public`. */
async function databases(t: TestContext): Promise<Databases> {
  const { url, drop } = await testDatabase()
  t.after(drop)
  const source = await connectForText({ connectionString: url })
  t.after(() => source.end())
  const served = await testWarehouse(t)
  const types = { getTypeParser: () => (text: string) => text }
  const warehouse = await served.client("admin", "dev", { types })
  await warehouse.query("CREATE SCHEMA public")
  return {
    source,
    warehouse,
    compare: () => compareTables({ source: askThrough(source), warehouse: askThrough(warehouse) }, 5),
  }
}

/** The same rows on both sides, written down for each in its own words. */
async function things(t: TestContext, more: (databases: Databases) => Promise<unknown>): Promise<Comparison> {
  const both = await databases(t)
  await both.source.query(`
    CREATE TYPE mood AS ENUM ('söt', 'sur');
    CREATE DOMAIN tiny AS smallint;
    CREATE TABLE things (id bigint, part tiny, ok boolean, n numeric(12,2), free numeric, r real, d double precision,
      t text, c char(5), m mood, ip inet, u uuid, j jsonb, a text[], b bytea, day date, ts timestamp, tz timestamptz, i interval,
      PRIMARY KEY (id, part));
    INSERT INTO things
    SELECT x, 1, x % 2 = 0, x / 4.0, x::numeric / 7, x / 7.0, x / 7.0, 'é' || x, 'ab', 'söt', '10.0.0.1', md5(x::text)::uuid,
      jsonb_build_object('a', x), ARRAY['x, y', null], decode('00ff', 'hex'), date '2024-01-01' + x,
      timestamp '2024-01-01 00:00:00.5', timestamptz '2024-01-01 00:00:00.25+00', interval '1 month 2 days'
    FROM generate_series(1, 5000) x;
    INSERT INTO things (id, part, r, d, day, ts) VALUES (-1, 1, 'NaN', '-Infinity', '0044-03-15 BC', 'infinity')`)
  await both.warehouse.query(`
    CREATE TABLE public.things (id BIGINT, part SMALLINT, ok BOOLEAN, n DECIMAL(12,2), free VARCHAR, r REAL, d DOUBLE,
      t VARCHAR, c VARCHAR, m VARCHAR, ip VARCHAR, u UUID, j JSON, a JSON, b BLOB, day DATE, ts TIMESTAMP, tz TIMESTAMPTZ, i VARCHAR)`)
  await copyByText(both)
  await both.warehouse.query(`INSERT INTO public.things (id, part, r, d, day, ts)
    VALUES (-1, 1, 'nan', '-inf', DATE '0044-03-15 (BC)', 'infinity')`)
  await more(both)
  return await both.compare()
}

/** Values that both sides print alike travel as they are; the rest is made anew here. */
async function copyByText({ source, warehouse }: Databases): Promise<void> {
  const { rows } = await source.query<(string | null)[]>({
    text: `SELECT id, free, u, j::text FROM things WHERE id > 0 ORDER BY id`,
    rowMode: "array",
  })
  const values = rows.map(([id, free, u, j]) => `(${id}, '${free}', '${u}', '${j}')`).join(", ")
  await warehouse.query(`INSERT INTO public.things
    SELECT x, 1, x % 2 = 0, x / 4.0, free, x / 7.0, x / 7.0, 'é' || x, 'ab   ', 'söt', '10.0.0.1', u, j, '["x, y",null]', '\\x00\\xFF'::BLOB,
      DATE '2024-01-01' + x::INTEGER, TIMESTAMP '2024-01-01 00:00:00.5', TIMESTAMPTZ '2024-01-01 00:00:00.25+00', '1 mon 2 days'
    FROM (VALUES ${values}) AS v (x, free, u, j)`)
}

test("rows of every type are equal, whichever words each side has for them", async (t) => {
  assert.deepEqual(await things(t, async () => undefined), { tables: 1, rows: 5001, differences: [] })
})

const tampered = [
  ["r", "r + 0.00001"],
  ["d", "d + 0.0000000000001"],
  ["n", "n + 0.01"],
  ["free", "free || '0'"],
  ["t", "'e' || id"],
  ["c", "'ab'"],
  ["j", "NULL"],
  ["a", `'["x","y",null]'`],
  ["b", "'\\x00'::BLOB"],
  ["ts", "ts + INTERVAL 1 MICROSECOND"],
  ["tz", "tz - INTERVAL 1 MICROSECOND"],
] as const

test("one value of one row that differs is found and named, whatever its type", async (t) => {
  const change = async ({ warehouse, compare }: Databases) => {
    for (const [column, other] of tampered) {
      await warehouse.query("BEGIN")
      await warehouse.query(`UPDATE public.things SET ${column} = ${other} WHERE id = 777`)
      const { differences } = await compare()
      const expected = { table: "public.things", kind: "different", row: "id=777, part=1", columns: [column] }
      assert.deepEqual(differences, [expected], column)
      await warehouse.query("ROLLBACK")
    }
  }
  await things(t, change)
})

test("rows that only one side has are named, and no more than asked for", async (t) => {
  const { differences } = await things(t, async ({ source, warehouse }) => {
    await warehouse.query("DELETE FROM public.things WHERE id = 12")
    await warehouse.query("INSERT INTO public.things (id, part) VALUES (9000, 3)")
    await source.query("INSERT INTO things (id, part) VALUES (1, 2)")
  })
  const found = differences.map(({ kind, row }) => `${kind}: ${row}`).sort()
  assert.deepEqual(found, ["missing: id=1, part=2", "missing: id=12, part=1", "surplus: id=9000, part=3"])
  const all = await things(t, ({ warehouse }) => warehouse.query("UPDATE public.things SET t = 'other'"))
  assert.equal(all.differences.length, 5)
})

test("a key that lies in two rows of the warehouse is found", async (t) => {
  const { differences } = await things(t, ({ warehouse }) =>
    warehouse.query("INSERT INTO public.things SELECT * FROM public.things WHERE id = 4"),
  )
  assert.equal(differences.length, 1)
  assert.equal(differences[0]?.row, "id=4, part=1")
})

test("rows without a key are counted", async (t) => {
  const { source, warehouse, compare } = await databases(t)
  await source.query(
    "CREATE TABLE views (visitor integer, path text); INSERT INTO views VALUES (1, 'a'), (1, 'a'), (2, null)",
  )
  await warehouse.query("CREATE TABLE public.views (visitor INTEGER, path VARCHAR)")
  await warehouse.query("INSERT INTO public.views VALUES (1, 'a'), (2, null), (1, 'a')")
  assert.deepEqual(await compare(), { tables: 1, rows: 3, differences: [] })
  await warehouse.query("INSERT INTO public.views VALUES (1, 'a')")
  const surplus = { table: "public.views", kind: "surplus", row: "visitor=1, path=a", columns: [] }
  assert.deepEqual((await compare()).differences, [surplus])
})

test("a null is not an empty text, and neighbours do not run into each other", async (t) => {
  const { source, warehouse, compare } = await databases(t)
  await source.query(
    "CREATE TABLE pairs (id int PRIMARY KEY, a text, b text); INSERT INTO pairs VALUES (1, '', null), (2, 'x', 'y1:z')",
  )
  await warehouse.query("CREATE TABLE public.pairs (id INTEGER, a VARCHAR, b VARCHAR)")
  await warehouse.query("INSERT INTO public.pairs VALUES (1, null, ''), (2, 'x1:y', 'z')")
  const rows = (await compare()).differences.map(({ row, columns }) => `${row}: ${columns}`)
  assert.deepEqual(rows.sort(), ["id=1: a,b", "id=2: a,b"])
})

test("a table that the warehouse lacks, or lacks a column of, is missing as a whole", async (t) => {
  const { source, warehouse, compare } = await databases(t)
  await source.query("CREATE TABLE one (id int PRIMARY KEY, a text); CREATE TABLE two (id int PRIMARY KEY)")
  await warehouse.query("CREATE TABLE public.one (id INTEGER)")
  const { tables, differences } = await compare()
  assert.equal(tables, 2)
  assert.deepEqual(
    differences.map(({ table, row }) => `${table}: ${row}`),
    ["public.one: the whole table", "public.two: the whole table"],
  )
})
