import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { runSql, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

const steps: { statement: string; isCopied: boolean }[] = [
  {
    statement: "CREATE TABLE p3 PARTITION OF p FOR VALUES IN (3); INSERT INTO p VALUES (31, 3), (32, 3)",
    isCopied: false,
  },
  { statement: "TRUNCATE p1", isCopied: true },
  {
    statement:
      "CREATE TABLE p4 (id int, part int, PRIMARY KEY (id, part)); INSERT INTO p4 VALUES (41, 4); ALTER TABLE p ATTACH PARTITION p4 FOR VALUES IN (4)",
    isCopied: true,
  },
  {
    statement:
      "BEGIN; CREATE TABLE p5 (id int, part int, PRIMARY KEY (id, part)); INSERT INTO p5 VALUES (51, 5); ALTER TABLE p ATTACH PARTITION p5 FOR VALUES IN (5); INSERT INTO p VALUES (52, 5); COMMIT",
    isCopied: true,
  },
  {
    statement:
      "BEGIN; ALTER TABLE p DETACH PARTITION p5; DELETE FROM p5; INSERT INTO p5 VALUES (53, 5); ALTER TABLE p ATTACH PARTITION p5 FOR VALUES IN (5); COMMIT",
    isCopied: true,
  },
  { statement: "ALTER TABLE p DETACH PARTITION p2", isCopied: true },
  { statement: "DROP TABLE p3", isCopied: true },
  { statement: "ALTER TABLE p ADD v text DEFAULT 'new'", isCopied: true },
]

test("rows that come and go with a whole partition are noticed", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE p (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part)",
    "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
    "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)",
    "INSERT INTO p VALUES (11, 1), (12, 1), (21, 2)",
  )
  const pipeline = await testPipeline({ url })
  await pipeline.settle()
  for (const { statement, isCopied } of steps) {
    pipeline.reports.copied.length = 0
    // Each on its own: what is attached was filled before, in another transaction.
    await runSql(url, ...statement.split("; "))
    await waitUntil(async () => (await pipeline.differences(["public.p"])).length === 0, {
      what: `the copy to be equal after ${statement}`,
      timeoutMs: 60_000,
      intervalMs: 100,
    })
    assert.equal(pipeline.reports.copied.includes("public.p"), isCopied, statement)
  }
  assert.deepEqual(pipeline.reports.problems, [])
})

test("a look at the catalog waits for nobody who alters a partitioned table", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE p (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part)",
    "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1) PARTITION BY LIST (id)",
    "CREATE TABLE p11 PARTITION OF p1 FOR VALUES IN (1)",
  )
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  try {
    await holder.query("BEGIN; LOCK TABLE p, p1, p11 IN ACCESS EXCLUSIVE MODE")
    const database = decodeURIComponent(new URL(url).pathname.slice(1))
    const options = "-c lock_timeout=5s"
    const source = openPostgresSource({ url: `${url}?options=${encodeURIComponent(options)}`, database })
    const { tables } = await source.tables(() => true)
    assert.deepEqual(
      tables.map(({ name }) => name),
      ["p"],
    )
  } finally {
    await holder.end()
  }
})
