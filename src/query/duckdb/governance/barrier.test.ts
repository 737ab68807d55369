import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { DuckDBInstance } from "@duckdb/node-api"
import type { FilteredView } from "../../governed-tables.ts"
import type { Tree } from "../dialect/syntax-tree.ts"
import { addBarrier } from "./barrier.ts"
import { needsBarrier } from "./needs-barrier.ts"

let instance: DuckDBInstance

before(async () => {
  instance = await DuckDBInstance.create(":memory:")
})
after(() => instance.closeSync())

/** As the engine writes that a node has no place in the text: too long for a number here. */
const nowhere = '"query_location":18446744073709551615'

async function treeOf(sql: string): Promise<Tree> {
  const connection = await instance.connect()
  try {
    const result = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql])
    const text = String(result.getRows()[0]?.[0])
    assert.match(text, /"error":false/, sql)
    return JSON.parse(text.replaceAll(nowhere, '"query_location":null')) as Tree
  } finally {
    connection.closeSync()
  }
}

const people: FilteredView = {
  kind: "filtered",
  sql: "",
  columns: [
    { name: "id", type: "INTEGER", isClear: true },
    { name: "salary", type: "DECIMAL(10,2)", isClear: true },
    { name: "name", type: "VARCHAR", isClear: true },
    { name: "born", type: "DATE", isClear: true },
  ],
}

const harmless = [
  "SELECT * FROM people",
  "SELECT region, sum(salary), count(*) FROM people WHERE region = 'north' GROUP BY region",
  "SELECT upper(region), sum(salary * 2) FROM people GROUP BY 1 ORDER BY lower(name)",
  "SELECT name::int FROM people WHERE id = 5 AND salary BETWEEN 1 AND 2 OR name IS NULL",
  "SELECT count(*) FROM people p WHERE p.id IN (1, 2)",
  "SELECT * FROM (SELECT id, name FROM people) x WHERE name = 'a'",
]
const failing = [
  "SELECT 1 FROM people WHERE name::int = 1",
  "SELECT 1 FROM people WHERE name = 5",
  "SELECT 1 FROM people WHERE id = name",
  "SELECT 1 FROM people WHERE salary + 1 > 2",
  "SELECT 1 FROM people WHERE name IN (1, 2)",
  "SELECT 1 FROM people WHERE lower(name) = 'a'",
  "SELECT 1 FROM people WHERE CASE WHEN name = 'x' THEN error('y') END",
  "SELECT 1 FROM (SELECT name AS id FROM people) x WHERE id = 5",
  "SELECT 1 FROM people AS x(a, id) WHERE id = 5",
  "SELECT 1 FROM people WHERE payload.id = 5",
  "SELECT 1 FROM (SELECT name::int AS n FROM people) x WHERE n IS NULL",
  "SELECT name::int FROM people GROUP BY 1 HAVING name::int > 2",
  "SELECT (SELECT 1 WHERE name::int = 2) FROM people",
  "SELECT 1 FROM people WHERE id = $1",
  "SELECT 1 FROM people WHERE name = DATE '2024-01-01'",
  "SELECT 1 FROM people JOIN people q ON people.name = q.id",
  "SELECT 1 FROM people UNION SELECT name::int FROM people",
  // They look at the column's statistics.
  "SELECT date_trunc('day', moment) FROM people",
  "SELECT Extract(year FROM moment) FROM people",
  "SELECT bitstring_agg(id) FROM people",
  "SELECT memory.redshift.last_day(moment) FROM people",
]

test("what fails for no value and reads no statistics needs no barrier, all else does", async () => {
  for (const sql of harmless) assert.equal(needsBarrier(await treeOf(sql), [people]), false, sql)
  for (const sql of failing) assert.equal(needsBarrier(await treeOf(sql), [people]), true, sql)
})

test("a number is compared without a barrier only where every governed table has a column of numbers by that name", async () => {
  const other: FilteredView = {
    kind: "filtered",
    sql: "",
    columns: [{ name: "id", type: "BIGINT", isClear: true }],
  }
  const tree = await treeOf("SELECT 1 FROM people, other WHERE salary = 5")
  assert.equal(needsBarrier(tree, [people, other]), true)
  assert.equal(needsBarrier(await treeOf("SELECT 1 FROM people, other WHERE id = 5"), [people, other]), false)
})

test("a barrier shows hidden rows as null to whatever is computed, and keeps names and types", async () => {
  const connection = await instance.connect()
  await connection.run(
    "CREATE TABLE people AS SELECT * FROM (VALUES (1, 'a', 'n'), (2, 'b', 's')) p(id, name, region)",
  )
  const tree = await treeOf(
    "SELECT * FROM (SELECT t.id AS id, upper(name) AS who, region FROM people AS t WHERE region = 'n')",
  )
  const [statement] = tree.statements as Tree[]
  assert.ok(statement)
  const subquery = (statement.node as Tree).from_table as Tree
  addBarrier(subquery)
  const inside = (subquery.subquery as Tree).node as Tree
  assert.ok((inside.select_list as Tree[]).every((one) => one.class === "CASE"))
  // Without the condition of the policy, what is left of a hidden row is null.
  inside.where_clause = null
  const text = JSON.stringify(tree).replaceAll(
    '"query_location":null',
    '"query_location":18446744073709551615',
  )
  const sql = await connection.runAndReadAll("SELECT json_deserialize_sql($1::JSON)", [text])
  const seen = await connection.runAndReadAll(`${String(sql.getRows()[0]?.[0])}`)
  assert.deepEqual(seen.columnNames(), ["id", "who", "region"])
  assert.deepEqual(seen.getRows(), [
    [1, "A", "n"],
    [null, null, null],
  ])
  connection.closeSync()
})
