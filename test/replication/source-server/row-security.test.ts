/** Row-level security at a source: it hides rows without a word from whoever it is meant for, and a copy must not be one of these. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql, streamOf, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

interface Guarded {
  /** Of a superuser. */
  url: string
  /** Of the role that owns the tables and replicates. */
  asOwner: string
  role: string
}

const policy = "CREATE POLICY few ON t USING (id < 3)"
const force = "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"

async function guarded(...statements: string[]): Promise<Guarded> {
  const { url, name } = await testDatabase()
  const role = `owner_of_${name}`
  await runSql(
    url,
    `CREATE ROLE "${role}" LOGIN REPLICATION PASSWORD 'of-the-owner'`,
    `ALTER DATABASE "${name}" OWNER TO "${role}"`,
  )
  const asOwner = new URL(url)
  asOwner.username = role
  asOwner.password = "of-the-owner"
  await runSql(
    asOwner.href,
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT i, 'x' FROM generate_series(1, 10) i",
    "CREATE TABLE neighbour (id int PRIMARY KEY)",
    "INSERT INTO neighbour VALUES (1)",
    ...statements,
  )
  return { url, asOwner: asOwner.href, role }
}

/** As a superuser sees them. */
async function assertWhole(pipeline: TestPipeline, here: string[]): Promise<void> {
  const found = await pipeline.home.read(
    `SELECT id::VARCHAR FROM "${pipeline.database}".public.t ORDER BY id`,
  )
  assert.deepEqual(
    found.map(([id]) => id),
    here,
  )
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => String(index + 1))

test("a table that shows its owner a part of its rows is refused, and comes whole when it shows them all", async () => {
  const { url, asOwner, role } = await guarded(policy, force)
  const pipeline = await testPipeline({ url: asOwner })
  const reason = pipeline.reports.refused.get("public.t") ?? "not refused"
  assert.match(reason, new RegExp(`Role ${role} would see only a part.*row-level security.*BYPASSRLS`))
  assert.deepEqual(pipeline.reports.copied.includes("public.t"), false)
  await runSql(url, `ALTER ROLE "${role}" BYPASSRLS`)
  await waitUntil(() => pipeline.reports.copied.includes("public.t"), {
    what: "the copy",
    timeoutMs: 60_000,
  })
  await pipeline.settle()
  await assertWhole(pipeline, upTo(10))
  await pipeline.stop()
})

test("row-level security that is forced while a table streams: never a part of it, not by a resync and not by verify", async () => {
  const { url, asOwner } = await guarded()
  const pipeline = await testPipeline({ url: asOwner })
  await runSql(
    url,
    policy,
    force,
    "INSERT INTO t VALUES (11, 'guarded')",
    "UPDATE t SET v = 'y' WHERE id = 5",
  )
  await waitUntil(() => /row-level security/.test(pipeline.reports.refused.get("public.t") ?? ""), {
    what: "the refusal",
    timeoutMs: 60_000,
  })
  const [row] = await pipeline.home.read(
    `SELECT table_id FROM "${pipeline.database}".millrace.tables WHERE table_name = 't'`,
  )
  const id = row?.[0] ?? ""
  await (await streamOf(pipeline)).resync([id])
  const verdicts: unknown[] = []
  await pipeline
    .streaming()
    ?.verify(new Set([id]), (_, verdict) => verdicts.push(verdict.kind), AbortSignal.timeout(60_000))
  assert.ok(!verdicts.includes("compared"), `verdicts: ${verdicts}`)
  const [count] = await pipeline.home.read(`SELECT count(*)::VARCHAR FROM "${pipeline.database}".public.t`)
  assert.ok(Number(count?.[0]) >= 10, `rows here: ${count?.[0]}`)
  await runSql(url, "INSERT INTO t VALUES (12, 'guarded')", "ALTER TABLE t NO FORCE ROW LEVEL SECURITY")
  await waitUntil(async () => (await pipeline.differences(["public.t"])).length === 0, {
    what: "equal rows",
    timeoutMs: 60_000,
  })
  await assertWhole(pipeline, upTo(12))
  assert.deepEqual(await pipeline.differences(["public.neighbour"]), [])
  await pipeline.stop()
})

test("a partition with row-level security of its own hides nothing from a copy of the whole", async () => {
  const { url, asOwner } = await guarded(
    "DROP TABLE t",
    "CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
    "CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (100)",
    "CREATE POLICY few ON low USING (id < 3)",
    "ALTER TABLE low ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "INSERT INTO t SELECT i, 'x' FROM generate_series(1, 10) i",
  )
  const pipeline = await testPipeline({ url: asOwner })
  await runSql(url, "UPDATE t SET v = 'y' WHERE id = 5", "INSERT INTO t VALUES (11, 'z')")
  await pipeline.settle()
  await assertWhole(pipeline, upTo(11))
  await pipeline.stop()
})
