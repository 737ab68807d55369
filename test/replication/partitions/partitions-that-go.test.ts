import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { serverVersion, testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

/** `r` is the root's name, `p1` and `p2` are its partitions from the start; each statement is a transaction of its own. */
const scenes: Record<string, string[]> = {
  "created, filled and detached": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "INSERT INTO r VALUES (31, 3)",
    "ALTER TABLE r DETACH PARTITION r_3",
  ],
  "created, filled and dropped": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "INSERT INTO r VALUES (31, 3)",
    "DROP TABLE r_3",
  ],
  "created, filled and dropped in one transaction": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3); INSERT INTO r VALUES (31, 3), (32, 3); DROP TABLE r_3",
  ],
  "created, filled and detached in one transaction": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3); INSERT INTO r VALUES (31, 3); ALTER TABLE r DETACH PARTITION r_3",
  ],
  "created, filled directly and dropped": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "INSERT INTO r_3 VALUES (31, 3)",
    "DROP TABLE r_3",
  ],
  "created, filled and truncated": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "INSERT INTO r VALUES (31, 3)",
    "TRUNCATE r_3",
  ],
  "created, filled, emptied with the whole, filled and truncated": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "INSERT INTO r VALUES (31, 3)",
    "TRUNCATE r",
    "INSERT INTO r VALUES (32, 3)",
    "TRUNCATE r_3",
  ],
  "created, filled, away and changed, and back": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "INSERT INTO r VALUES (31, 3), (32, 3)",
    "ALTER TABLE r DETACH PARTITION r_3",
    "DELETE FROM r_3 WHERE id = 31",
    "ALTER TABLE r ATTACH PARTITION r_3 FOR VALUES IN (3)",
  ],
  "attached with rows, changed and detached": [
    "CREATE TABLE r_3 (id int, part int, v text, PRIMARY KEY (id, part))",
    "INSERT INTO r_3 VALUES (31, 3), (32, 3)",
    "ALTER TABLE r ATTACH PARTITION r_3 FOR VALUES IN (3)",
    "UPDATE r SET v = 'changed' WHERE id = 31",
    "ALTER TABLE r DETACH PARTITION r_3",
  ],
  "made, filled and attached in one transaction, filled, and dropped": [
    "CREATE TABLE r_3 (id int, part int, v text, PRIMARY KEY (id, part)); INSERT INTO r_3 VALUES (31, 3); ALTER TABLE r ATTACH PARTITION r_3 FOR VALUES IN (3)",
    "INSERT INTO r VALUES (32, 3)",
    "DROP TABLE r_3",
  ],
  "with partitions of its own, filled and detached": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3) PARTITION BY LIST (id)",
    "CREATE TABLE r_31 PARTITION OF r_3 FOR VALUES IN (31)",
    "CREATE TABLE r_32 PARTITION OF r_3 FOR VALUES IN (32)",
    "INSERT INTO r VALUES (31, 3), (32, 3)",
    "ALTER TABLE r DETACH PARTITION r_3",
  ],
  "with partitions of its own, of which one goes": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3) PARTITION BY LIST (id)",
    "CREATE TABLE r_31 PARTITION OF r_3 FOR VALUES IN (31)",
    "CREATE TABLE r_32 PARTITION OF r_3 FOR VALUES IN (32)",
    "INSERT INTO r VALUES (31, 3), (32, 3)",
    "DROP TABLE r_31",
  ],
  "there from the start, detached and changed": [
    "ALTER TABLE r DETACH PARTITION r_2",
    "UPDATE r_2 SET v = 'changed'",
    "DELETE FROM r_2 WHERE id = 21",
  ],
  "there from the start, detached concurrently": ["ALTER TABLE r DETACH PARTITION r_2 CONCURRENTLY"],
  "there from the start, detached, and another of the same rows in its place": [
    "ALTER TABLE r DETACH PARTITION r_2",
    "CREATE TABLE r_2b PARTITION OF r FOR VALUES IN (2)",
    "INSERT INTO r VALUES (21, 2, 'other')",
  ],
  "there from the start, truncated": ["TRUNCATE r_2"],
  "created, filled, renamed, moved to another schema and detached": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "INSERT INTO r VALUES (31, 3)",
    "ALTER TABLE r_3 RENAME TO r_renamed",
    "ALTER TABLE r_renamed SET SCHEMA elsewhere",
    "ALTER TABLE r DETACH PARTITION elsewhere.r_renamed",
  ],
  "created, filled and attached to another table": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "INSERT INTO r VALUES (31, 3)",
    "ALTER TABLE r DETACH PARTITION r_3",
    "CREATE TABLE r_other (id int, part int, v text, PRIMARY KEY (id, part)) PARTITION BY LIST (part)",
    "ALTER TABLE r_other ATTACH PARTITION r_3 FOR VALUES IN (3)",
    "INSERT INTO r_other VALUES (33, 3)",
  ],
  "created, filled and dropped, and created again under its name": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "INSERT INTO r VALUES (31, 3)",
    "DROP TABLE r_3",
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "INSERT INTO r VALUES (32, 3)",
  ],
  "the default, created, filled and dropped": [
    "CREATE TABLE r_d PARTITION OF r DEFAULT",
    "INSERT INTO r VALUES (91, 9)",
    "DROP TABLE r_d",
  ],
  "created, reached by an update, and dropped": [
    "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)",
    "UPDATE r SET part = 3 WHERE id = 11",
    "DROP TABLE r_3",
  ],
}

const concurrentlyVersion = 140_000

async function isKnownOn(url: string): Promise<(name: string) => boolean> {
  const isConcurrent = (await serverVersion(url)) >= concurrentlyVersion
  return (name) => isConcurrent || !name.endsWith("concurrently")
}

const names = Object.keys(scenes)
const rootOf = (name: string) => `r${names.indexOf(name)}`

const rootStatements = (root: string) => [
  `CREATE TABLE ${root} (id int, part int, v text, PRIMARY KEY (id, part)) PARTITION BY LIST (part)`,
  `CREATE TABLE ${root}_1 PARTITION OF ${root} FOR VALUES IN (1)`,
  `CREATE TABLE ${root}_2 PARTITION OF ${root} FOR VALUES IN (2)`,
  `INSERT INTO ${root} VALUES (11, 1), (12, 1), (21, 2), (22, 2)`,
]

async function becomesEqual(pipeline: TestPipeline, root: string, what: string): Promise<void> {
  await waitUntil(async () => (await pipeline.differences([`public.${root}`])).length === 0, {
    what: `the copy to be equal: ${what}`,
    timeoutMs: 60_000,
    intervalMs: 100,
  })
}

/** Gone or changed for good: whoever looks often sees it. */
const lasting = Object.keys(scenes).filter((name) => name.startsWith("there from the start"))
/** Gone before its rows are in the stream: nobody who looks can have seen it. */
const momentary = Object.keys(scenes).filter((name) => name.endsWith("in one transaction"))

const never = { lookEveryMs: 600_000 }

/** As the server protects a source: what changes parts of tables has the pipeline look. */
function protect(context: TestContext, url: string, { handle, streaming }: TestPipeline): void {
  const source = openPostgresSource({ url, database: new URL(url).pathname.slice(1) })
  const protection = source.protect?.({
    handles: () => [handle],
    onWithdrawn: () => undefined,
    onPartsChanged: () => streaming()?.pollSoon(),
    // Its server may end before it.
    onProblem: () => undefined,
  })
  context.after(() => protection?.stop())
}

test("a change of the partitions is told without waiting for the next look at the catalog", async (context) => {
  const { url } = await testDatabase()
  const played = [...lasting, ...momentary].filter(await isKnownOn(url))
  await runSql(url, ...played.flatMap((name) => rootStatements(rootOf(name))))
  const pipeline = await testPipeline({ url, waits: never })
  await pipeline.settle()
  protect(context, url, pipeline)
  // One after another: each has a look of its own.
  for (const name of played) {
    const atMs = performance.now()
    await runSql(url, ...(scenes[name] ?? []).map((one) => one.replace(/\br(?=_|\b)/g, rootOf(name))))
    await becomesEqual(pipeline, rootOf(name), name)
    context.diagnostic(`${Math.round(performance.now() - atMs)} ms: ${name}`)
  }
  assert.deepEqual(pipeline.reports.problems, [])
  await pipeline.stop()
})

test("a partition that was attached with rows is told without waiting for the next look at the catalog", async (context) => {
  const { url } = await testDatabase()
  await runSql(
    url,
    ...rootStatements("r"),
    "CREATE TABLE r_3 (id int, part int, v text, PRIMARY KEY (id, part))",
    "INSERT INTO r_3 VALUES (31, 3)",
  )
  const pipeline = await testPipeline({ url, waits: never })
  await pipeline.settle()
  protect(context, url, pipeline)
  await runSql(url, "ALTER TABLE r ATTACH PARTITION r_3 FOR VALUES IN (3)")
  await becomesEqual(pipeline, "r", "after it was attached")
  await pipeline.stop()
})

test("a partition that goes takes its rows along, however briefly it was there", async () => {
  const { url } = await testDatabase()
  await runSql(url, "CREATE SCHEMA elsewhere", ...names.flatMap((name) => rootStatements(rootOf(name))))
  const pipeline = await testPipeline({ url })
  await pipeline.settle()
  const played = names.filter(await isKnownOn(url))
  for (const name of played)
    await runSql(url, ...(scenes[name] ?? []).map((one) => one.replace(/\br(?=_|\b)/g, rootOf(name))))
  for (const name of played) await becomesEqual(pipeline, rootOf(name), name)
  assert.deepEqual(pipeline.reports.problems, [])
})

test("a partition that came and was filled while it streamed, and goes while nobody streams, takes its rows along", async () => {
  const { url } = await testDatabase()
  await runSql(url, ...rootStatements("r"))
  const first = await testPipeline({ url })
  await runSql(url, "CREATE TABLE r_3 PARTITION OF r FOR VALUES IN (3)", "INSERT INTO r VALUES (31, 3)")
  await becomesEqual(first, "r", "before")
  await first.stop()
  await runSql(url, "DROP TABLE r_3")
  const { home, database, handle } = first
  const second = await testPipeline({ url, home, database, handle })
  await becomesEqual(second, "r", "after")
  await second.stop()
})

test("partitions that come, are filled and stay cost no copy", async () => {
  const { url } = await testDatabase()
  await runSql(url, ...rootStatements("r"))
  const pipeline = await testPipeline({ url })
  pipeline.reports.copied.length = 0
  for (const part of [3, 4, 5]) {
    await runSql(
      url,
      `CREATE TABLE r_${part} PARTITION OF r FOR VALUES IN (${part})`,
      `INSERT INTO r VALUES (1, ${part})`,
      `UPDATE r SET v = 'changed', id = 2 WHERE part = ${part}`,
      "TRUNCATE r",
      `INSERT INTO r VALUES (3, ${part})`,
    )
    await becomesEqual(pipeline, "r", `partition ${part}`)
  }
  // A look at the catalog has come after the last of them when it has found a new table.
  await runSql(url, "CREATE TABLE later (id int PRIMARY KEY)")
  await waitUntil(() => pipeline.reports.copied.includes("public.later"), { what: "a look at the catalog" })
  await becomesEqual(pipeline, "r", "at the end")
  assert.deepEqual(pipeline.reports.copied, ["public.later"])
  assert.deepEqual([...pipeline.reports.failed], [])
  await pipeline.stop()
})
