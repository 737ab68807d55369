import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { DuckDBInstance } from "@duckdb/node-api"
import type { FilteredView } from "../../governed-tables.ts"
import type { Tree } from "../dialect/syntax-tree.ts"
import { canFail } from "./barrier.ts"

let instance: DuckDBInstance

before(async () => {
  instance = await DuckDBInstance.create(":memory:")
})
after(() => instance.closeSync())

async function treeOf(sql: string): Promise<Tree> {
  const connection = await instance.connect()
  try {
    const result = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql])
    return JSON.parse(String(result.getRows()[0]?.[0])) as Tree
  } finally {
    connection.closeSync()
  }
}

const people: FilteredView = { kind: "filtered", sql: "", numberColumns: ["id", "salary"] }

const harmless = [
  "SELECT * FROM people",
  "SELECT region, sum(salary), count(*) FROM people WHERE region = 'north' GROUP BY region",
  "SELECT date_trunc('day', at), sum(salary * 2) FROM people GROUP BY 1 ORDER BY lower(name)",
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
]

test("conditions that fail for no value need no barrier, all others do", async () => {
  for (const sql of harmless) assert.equal(canFail(await treeOf(sql), [people]), false, sql)
  for (const sql of failing) assert.equal(canFail(await treeOf(sql), [people]), true, sql)
})

test("a number is compared without a barrier only where every governed table has a column of numbers by that name", async () => {
  const other: FilteredView = { kind: "filtered", sql: "", numberColumns: ["id"] }
  const tree = await treeOf("SELECT 1 FROM people, other WHERE salary = 5")
  assert.equal(canFail(tree, [people, other]), true)
  assert.equal(canFail(await treeOf("SELECT 1 FROM people, other WHERE id = 5"), [people, other]), false)
})
