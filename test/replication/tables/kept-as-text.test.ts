import assert from "node:assert/strict"
import { test } from "node:test"
import type { Snapshot, Source } from "../../../src/replication/contracts/source.ts"
import { UnrepresentableColumn } from "../../../src/replication/contracts/text-columns.ts"
import type { Verdict } from "../../../src/replication/verify/verify.ts"
import { runSql, streamOf, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

const neighbour = ["CREATE TABLE neighbour (id int PRIMARY KEY)", "INSERT INTO neighbour VALUES (1)"]

/** The neighbour of a table that is resynced goes on as if nothing were. */
async function assertNeighbourGoesOn(pipeline: TestPipeline, url: string): Promise<void> {
  await runSql(url, "INSERT INTO neighbour SELECT coalesce(max(id), 0) + 1 FROM neighbour")
  assert.deepEqual(await pipeline.differences(["public.neighbour"]), [])
  assert.deepEqual(pipeline.reports.problems, [])
  assert.deepEqual(
    pipeline.reports.copied.filter((name) => name === "public.neighbour"),
    ["public.neighbour"],
  )
}

async function typesOf(pipeline: TestPipeline, table: string): Promise<string[]> {
  const found = await pipeline.home.read(
    `SELECT column_name || ' ' || data_type FROM duckdb_columns() WHERE database_name = '${pipeline.database}' AND table_name = '${table}' ORDER BY column_index`,
  )
  return found.map(([text]) => text ?? "")
}

/**
 * Waits until the warehouse's columns are these and the rows are equal. Both together: a table that is resynced shows its
 * new columns before the changes that came during the copy.
 */
async function assertSoon(pipeline: TestPipeline, table: string, types: string[]): Promise<void> {
  let seen: string[] = []
  await waitUntil(
    async () => {
      seen = await typesOf(pipeline, table)
      if (String(seen) !== String(types)) return false
      seen = await pipeline.differences([`public.${table}`])
      return seen.length === 0
    },
    { what: `${table} to have columns ${types} and equal rows`, timeoutMs: 60_000 },
  ).catch((error) => {
    const { problems, failed, copied } = pipeline.reports
    const met = problems.map(({ message }) => message).join("; ")
    throw new Error(`seen last: ${seen}; copied ${copied}; stale: ${failed.get("public.t")}; met: ${met}`, {
      cause: error,
    })
  })
}

async function idOf(pipeline: TestPipeline, table: string): Promise<string> {
  const [row] = await pipeline.home.read(
    `SELECT table_id FROM "${pipeline.database}".millrace.tables WHERE table_name = '${table}'`,
  )
  return row?.[0] ?? ""
}

const unfit: { name: string; before: string; fits: string; comes: string[]; becomes: string[] }[] = [
  {
    name: "NaN in a numeric with a scale",
    before: "CREATE TABLE t (id int PRIMARY KEY, v numeric(10,2), w numeric(10,2), rest text)",
    fits: "INSERT INTO t VALUES (1, 1.50, 1, repeat('x', 3000)), (2, NULL, 2, 'y')",
    comes: [
      "INSERT INTO t VALUES (3, 'NaN', 3, 'z')",
      "UPDATE t SET v = -v WHERE id = 1",
      "DELETE FROM t WHERE id = 2",
      "INSERT INTO t VALUES (4, 0, 4, '')",
      "UPDATE t SET id = 30, v = 100 WHERE id = 3",
      "UPDATE t SET v = 'NaN'",
    ],
    becomes: ["id INTEGER", "v VARCHAR", "w DECIMAL(10,2)", "rest VARCHAR"],
  },
  {
    name: "timestamps beyond what 64 bits hold, in several columns",
    before: "CREATE TABLE t (id int PRIMARY KEY, at timestamp, seen timestamptz)",
    fits: "INSERT INTO t VALUES (1, '2024-01-01', '0044-03-15 00:00:00+00 BC'), (2, 'infinity', '-infinity')",
    comes: [
      "INSERT INTO t VALUES (3, '294276-12-31 23:59:59.999999', now())",
      "INSERT INTO t VALUES (4, '-infinity', '294276-12-31 23:59:59+00')",
      "UPDATE t SET at = 'infinity', seen = '2024-02-29 01:02:03.5+00' WHERE id = 1",
    ],
    becomes: ["id INTEGER", "at VARCHAR", "seen VARCHAR"],
  },
  {
    name: "NaN in the key",
    before: "CREATE TABLE t (k numeric(20,3) PRIMARY KEY, v int)",
    fits: "INSERT INTO t VALUES (1, 1), (2.500, 2)",
    comes: [
      "INSERT INTO t VALUES ('NaN', 3), (12345678901234567, 4)",
      "UPDATE t SET v = v + 1",
      "UPDATE t SET k = k + 1 WHERE k < 3",
      "DELETE FROM t WHERE k = 'NaN'",
      "INSERT INTO t VALUES ('NaN', 5)",
    ],
    becomes: ["k VARCHAR", "v INTEGER"],
  },
  {
    name: "NaN in a table told by all its columns",
    before: "CREATE TABLE t (v numeric(6,1), d numeric(30,0)); ALTER TABLE t REPLICA IDENTITY FULL",
    fits: "INSERT INTO t VALUES (1, 1), (1, 1), (2, NULL)",
    comes: [
      "INSERT INTO t VALUES ('NaN', 1), ('NaN', 1)",
      "DELETE FROM t WHERE ctid = '(0,1)'",
      "UPDATE t SET d = 7",
    ],
    becomes: ["v VARCHAR", "d DECIMAL(30,0)"],
  },
]

for (const { name, before, fits, comes, becomes } of unfit) {
  test(`kept as text, by the copy: ${name}`, async () => {
    const { url } = await testDatabase()
    await runSql(url, ...neighbour, before, fits, ...comes)
    const pipeline = await testPipeline({ url })
    await assertSoon(pipeline, "t", becomes)
    await assertNeighbourGoesOn(pipeline, url)
  })

  test(`kept as text, by the stream: ${name}`, async () => {
    const { url } = await testDatabase()
    await runSql(url, ...neighbour, before, fits)
    const pipeline = await testPipeline({ url })
    assert.deepEqual(await pipeline.differences(), [])
    for (const statement of comes) await runSql(url, statement)
    await assertNeighbourGoesOn(pipeline, url)
    await assertSoon(pipeline, "t", becomes)
    await runSql(url, "TRUNCATE t", fits, ...comes)
    await assertSoon(pipeline, "t", becomes)
  })
}

test("what is kept as text stays so through a restart, and is verified", async () => {
  const { url } = await testDatabase()
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY, v numeric(10,2))", "INSERT INTO t VALUES (1, 'NaN')")
  const first = await testPipeline({ url })
  await assertSoon(first, "t", ["id INTEGER", "v VARCHAR"])
  await first.stop()
  await runSql(url, "INSERT INTO t VALUES (2, 2), (3, 'NaN')")
  const { home, database, handle } = first
  const again = await testPipeline({ url, home, database, handle })
  await assertSoon(again, "t", ["id INTEGER", "v VARCHAR"])
  assert.deepEqual(again.reports.copied, [])
  const verdicts: Verdict[] = []
  const id = await idOf(again, "t")
  const stream = await streamOf(again)
  await stream.verify(new Set([id]), (_, verdict) => verdicts.push(verdict), AbortSignal.timeout(60_000))
  assert.deepEqual(
    verdicts.map((verdict) => (verdict.kind === "compared" ? verdict.differences : verdict)),
    [[]],
  )
})

test("a resync that was asked for tries the exact type again", async () => {
  const { url } = await testDatabase()
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY, v numeric(10,2))", "INSERT INTO t VALUES (1, 'NaN')")
  const pipeline = await testPipeline({ url })
  await assertSoon(pipeline, "t", ["id INTEGER", "v VARCHAR"])
  const copies = pipeline.reports.copied.length
  await (await streamOf(pipeline)).resync([await idOf(pipeline, "t")])
  await waitUntil(() => pipeline.reports.copied.length > copies, { what: "the copy asked for" })
  await assertSoon(pipeline, "t", ["id INTEGER", "v VARCHAR"])
  await runSql(url, "UPDATE t SET v = 1")
  // This value may be the first of the column that comes by the stream, which then begins anew in text.
  await pipeline.settle()
  await (await streamOf(pipeline)).resync([await idOf(pipeline, "t")])
  await assertSoon(pipeline, "t", ["id INTEGER", "v DECIMAL(10,2)"])
  await runSql(url, "INSERT INTO t VALUES (2, 'NaN')")
  await assertSoon(pipeline, "t", ["id INTEGER", "v VARCHAR"])
})

test("a resync that is asked for while another meets such a value tries the exact type again", async () => {
  const { url } = await testDatabase()
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY, v numeric(10,2))", "INSERT INTO t VALUES (1, 'NaN')")
  let onMet: (() => Promise<void>) | undefined
  const telling = (snapshot: Snapshot): Snapshot => ({
    ...snapshot,
    async read(...args) {
      try {
        await snapshot.read(...args)
      } catch (error) {
        if (error instanceof UnrepresentableColumn) await onMet?.()
        throw error
      }
    },
  })
  const source = (real: Source): Source => ({
    ...real,
    async stream(options) {
      const stream = await real.stream(options)
      return { ...stream, include: async (...args) => telling(await stream.include(...args)) }
    },
  })
  const pipeline = await testPipeline({ url, around: { source, warehouse: (real) => real } })
  await assertSoon(pipeline, "t", ["id INTEGER", "v VARCHAR"])
  const ids = [await idOf(pipeline, "t")]
  let met = 0
  onMet = async () => {
    if (++met > 1) return
    await runSql(url, "UPDATE t SET v = 1")
    // Recorded when this copy is over: not waited for here, within it.
    void (await streamOf(pipeline)).resync(ids)
  }
  await (await streamOf(pipeline)).resync(ids)
  await assertSoon(pipeline, "t", ["id INTEGER", "v DECIMAL(10,2)"])
  assert.equal(met, 1)
})

test("a column that is kept as text stays so when another comes, and is exact again with another type", async () => {
  const { url } = await testDatabase()
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY, v numeric(10,2))", "INSERT INTO t VALUES (1, 'NaN')")
  const pipeline = await testPipeline({ url })
  await assertSoon(pipeline, "t", ["id INTEGER", "v VARCHAR"])
  await runSql(url, "ALTER TABLE t ADD COLUMN more int DEFAULT 7", "INSERT INTO t VALUES (2, 2, 2)")
  await assertSoon(pipeline, "t", ["id INTEGER", "v VARCHAR", "more INTEGER"])
  await runSql(url, "DELETE FROM t WHERE id = 1", "ALTER TABLE t ALTER v TYPE numeric(12,3)")
  await assertSoon(pipeline, "t", ["id INTEGER", "v DECIMAL(12,3)", "more INTEGER"])
})
