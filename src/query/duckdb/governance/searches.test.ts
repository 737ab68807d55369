import assert from "node:assert/strict"
import { test } from "node:test"
import { DuckDBInstance } from "@duckdb/node-api"
import type { FilteredView } from "../../governed-tables.ts"
import { nodesOf, type Tree, textAt } from "../dialect/syntax-tree.ts"
import { safeSearches, searchesIn } from "./searches.ts"

const people: FilteredView = {
  kind: "filtered",
  sql: "",
  columns: [
    { name: "id", type: "INTEGER", isClear: true },
    { name: "name", type: "VARCHAR", isClear: true },
    { name: "salary", type: "DECIMAL(10,2)", isClear: true },
    { name: "ssn", type: "VARCHAR", isClear: false },
  ],
}

/** A query, and how many of its conditions are asked of the table `people`. */
const queries: readonly [sql: string, asked: number][] = [
  ["SELECT * FROM people WHERE id = 5 AND lower(name) = 'x'", 1],
  ["SELECT * FROM people WHERE 5 = id AND name LIKE 'x%'", 1],
  [
    "SELECT * FROM people WHERE (id IN (1, 2) AND name = 'x') AND salary BETWEEN 1 AND 2.5 AND lower(name) = 'x'",
    3,
  ],
  ["SELECT * FROM people AS p WHERE p.id > 5 AND p.name <> 'x' AND lower(p.name) = 'x'", 2],
  ["SELECT * FROM people WHERE id = $1 AND lower(name) = $2", 1],
  ["SELECT * FROM people JOIN orders o ON o.id = people.id WHERE people.id = 5 AND o.id = 6", 1],
  ["SELECT * FROM orders o LEFT JOIN people p USING (id) WHERE p.name = 'x'", 1],
  ["SELECT (SELECT max(name) FROM people WHERE id = 5) FROM orders", 1],
  ["WITH p AS (SELECT * FROM people WHERE id = 5) SELECT lower(name) FROM p", 1],
  // Masked, no conjunct, of another type, of more than one value, or true of null.
  ["SELECT * FROM people WHERE ssn = 'x' AND lower(name) = 'x'", 0],
  ["SELECT * FROM people WHERE id = 5 OR lower(name) = 'x'", 0],
  ["SELECT * FROM people WHERE name = 5", 0],
  ["SELECT * FROM people WHERE id = 'x'", 0],
  ["SELECT * FROM people WHERE id = name", 0],
  ["SELECT * FROM people WHERE id IS NOT DISTINCT FROM 5", 0],
  ["SELECT * FROM people WHERE id IS NULL", 0],
  // A parameter of another type compares otherwise.
  ["SELECT * FROM people WHERE id > $1", 0],
  ["SELECT * FROM people WHERE name = $1", 0],
  // What a table has beside the rows that match decides.
  ["SELECT * FROM people POSITIONAL JOIN orders o WHERE people.id = 5", 0],
  ["SELECT * FROM orders o ASOF JOIN people p ON o.id >= p.id WHERE p.id = 5", 0],
  ["SELECT * FROM people TABLESAMPLE 10 ROWS WHERE id = 5", 0],
  ["SELECT * FROM people WHERE id = 5 USING SAMPLE 10 ROWS", 0],
  // The name is not certainly the column's.
  ["SELECT * FROM people AS p(name, id) WHERE id = 5", 0],
  ["SELECT name AS id FROM people WHERE id = 5", 0],
  ["SELECT * FROM people, orders WHERE id = 5", 0],
  ["SELECT * FROM people p, other.people p WHERE p.id = 5", 0],
  ["SELECT * FROM people WHERE payload.id = 5", 0],
]

test("of a query's conditions those are asked of the table that fail for no value and hold for it alike", async () => {
  const instance = await DuckDBInstance.create(":memory:")
  const connection = await instance.connect()
  try {
    for (const [sql, asked] of queries) {
      const result = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql])
      const tree = JSON.parse(String(result.getRows()[0]?.[0])) as Tree
      assert.equal(tree.error, false, sql)
      const searches = searchesIn(tree)
      const table = [...nodesOf(tree.statements ?? null)].find(
        (node) => textAt(node, "table_name") === "people",
      )
      assert.ok(table, sql)
      assert.equal(safeSearches(searches.get(table) ?? [], people).length, asked, sql)
    }
  } finally {
    instance.closeSync()
  }
})
