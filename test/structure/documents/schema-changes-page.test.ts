/** Every kind of change that docs/replication/schema-changes.md lists is tested, and has the outcome that stands there. */
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { cases } from "../../replication/schema-changes/schema-change-cases.ts"
import { root } from "../source-files.ts"

/** Rows whose test is no case of that list: by how the row begins, what stands in the test. */
const elsewhere: Record<string, [file: string, text: string]> = {
  "`DROP TABLE`, `DROP SCHEMA`": [
    "test/replication/schema-changes/schema-changes-of-tables.test.ts",
    "DROP TABLE gone",
  ],
  "`SET UNLOGGED`": ["test/replication/schema-changes/schema-changes-of-tables.test.ts", "SET UNLOGGED"],
  "an attribute of a composite type": [
    "src/sources/postgres/stream/evolve.test.ts",
    "a composite type with another attribute",
  ],
  "a label added to": ["test/replication/tables/odd-tables.test.ts", "ALTER TYPE mood ADD VALUE"],
  "a label of an enum renamed": ["test/replication/tables/odd-tables.test.ts", "RENAME VALUE"],
  "any change of a partitioned table's definition": [
    "test/replication/partitions/partition-changes.test.ts",
    "ALTER TABLE p ADD v",
  ],
  "a partition created by": [
    "test/replication/partitions/partition-changes.test.ts",
    "CREATE TABLE p3 PARTITION OF p",
  ],
  "`ATTACH`": ["test/replication/partitions/partition-changes.test.ts", "ATTACH PARTITION p4"],
  "a partition created and filled, and detached": [
    "test/replication/partitions/partitions-that-go.test.ts",
    "created, filled and dropped in one transaction",
  ],
  "several changes, and the catalog": [
    "src/sources/postgres/stream/evolve.test.ts",
    "a column that came and went, with rows of it",
  ],
}

async function rowsOfPage(): Promise<{ change: string; outcome: string }[]> {
  const page = await readFile(join(root, "docs", "replication", "schema-changes.md"), "utf8")
  const lines = page.split("\n").filter((line) => /^\| (?!change |---)/.test(line))
  return lines.map((line) => {
    const [, change = "", outcome = ""] = line.split(" | ").flatMap((cell) => cell.split(/^\| | \|$/))
    return { change, outcome }
  })
}

test("each row of the page is tested, and each test's row is there", async () => {
  const rows = await rowsOfPage()
  const named = [...cases.flatMap(({ row }) => row ?? []), ...Object.keys(elsewhere)]
  const untested = rows.filter(({ change }) => !named.some((row) => change.startsWith(row)))
  assert.deepEqual(untested, [])
  for (const row of named)
    assert.equal(rows.filter(({ change }) => change.startsWith(row)).length, 1, `rows that begin with ${row}`)
})

test("the outcome of each tested change is what the page says", async () => {
  const rows = await rowsOfPage()
  for (const { name, row, how } of cases) {
    if (row === undefined) continue
    const { outcome = "" } = rows.find(({ change }) => change.startsWith(row)) ?? {}
    assert.ok(outcome.includes(how), `${name} goes on ${how}, the page says: ${outcome}`)
  }
})

test("what is tested elsewhere is there", async () => {
  for (const [file, text] of Object.values(elsewhere)) {
    const source = await readFile(join(root, file), "utf8")
    assert.ok(source.includes(text), `${file} has no ${text}`)
  }
})
