/** The event trigger that a source's administrator may install (docs/operating/source-protection.md). */
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { test } from "node:test"
import { runSql, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

async function fromThePage(): Promise<string> {
  const page = await readFile(
    new URL("../../../docs/operating/source-protection.md", import.meta.url),
    "utf8",
  )
  const block = /```sql\n(-- The event trigger[\s\S]*?)```/.exec(page)?.[1]
  assert.ok(block, "the page has no event trigger")
  return block
}

const losses = [
  "ALTER TABLE t DROP CONSTRAINT t_pkey",
  "ALTER TABLE t REPLICA IDENTITY NOTHING",
  "CREATE TABLE parts_b PARTITION OF parts FOR VALUES FROM (100) TO (200); INSERT INTO parts VALUES (150, 0)",
  "ALTER TABLE u DROP COLUMN part",
  "BEGIN; ALTER TABLE w DROP CONSTRAINT w_pkey; UPDATE w SET n = 7; ALTER TABLE w ADD PRIMARY KEY (n); COMMIT",
]

test("with the event trigger of the page no statement fails at all, with Millrace stopped, and the tables come back", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0)",
    "CREATE TABLE u (part int, id int, n int, PRIMARY KEY (part, id)); INSERT INTO u VALUES (1, 1, 0)",
    "CREATE TABLE w (id int PRIMARY KEY, n int); INSERT INTO w VALUES (1, 0)",
    "CREATE TABLE neighbour (id int PRIMARY KEY, n int); INSERT INTO neighbour VALUES (1, 0)",
    "CREATE TABLE parts (id int, n int) PARTITION BY RANGE (id); ALTER TABLE parts REPLICA IDENTITY FULL",
    "CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM (0) TO (100); ALTER TABLE parts_a REPLICA IDENTITY FULL; INSERT INTO parts VALUES (50, 0)",
    await fromThePage(),
  )
  const first = await testPipeline({ url })
  await first.settle()
  await first.stop()
  for (const loss of losses) {
    await runSql(url, loss)
    for (const table of ["t", "u", "w", "neighbour", "parts"])
      await runSql(url, `UPDATE ${table} SET n = n + 1`, `DELETE FROM ${table} WHERE n < 0`)
  }
  await runSql(
    url,
    "ALTER TABLE t REPLICA IDENTITY FULL",
    "ALTER TABLE u REPLICA IDENTITY FULL",
    "ALTER TABLE parts_b REPLICA IDENTITY FULL",
  )
  const { home, database, handle } = first
  const again = await testPipeline({ url, home, database, handle })
  await waitUntil(async () => (await again.differences()).length === 0, {
    what: "equal rows",
    timeoutMs: 60_000,
  })
  await again.stop()
})
