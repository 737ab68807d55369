/** Event triggers of the source's own that raise an error on what Millrace does there. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Problem } from "../../../src/domain/problems.ts"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { beginTestPipeline, runSql, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { findingsButSpeed } from "../../support/quick-servers.ts"
import { waitUntil } from "../../support/wait-until.ts"

const deny = (event: string, tags: string[]) => [
  "CREATE FUNCTION no_publications() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not here'; END $$",
  `CREATE EVENT TRIGGER deny ON ${event} WHEN TAG IN (${tags.map((tag) => `'${tag}'`).join(", ")}) EXECUTE FUNCTION no_publications()`,
]
const publications = ["CREATE PUBLICATION", "ALTER PUBLICATION", "DROP PUBLICATION"]
const told =
  /not here\. An event trigger there raises it, by its function public\.no_publications\. Let it pass/
const found = /An event trigger refuses our publications, by its function public\.no_publications: not here\./

for (const event of ["ddl_command_start", "ddl_command_end"])
  test(`one at ${event} that refuses publications: named, with what to do; the copy begins when it lets them pass`, async () => {
    const { url } = await testDatabase()
    await runSql(url, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    const source = openPostgresSource({ url, database: new URL(url).pathname.slice(1) })
    const findings = async () => findingsButSpeed(await source.preflight(({ name }) => name === "t"))
    await runSql(url, ...deny(event, publications))
    const pipeline = await beginTestPipeline({ url })
    const { problems } = pipeline.reports
    await waitUntil(() => problems.length > 0, { what: "a problem", timeoutMs: 60_000 })
    assert.match(problems[0]?.message ?? "", found)
    assert.equal(problems[0]?.kind, "sourceSettings")
    const [finding, ...more] = await findings()
    assert.deepEqual(more, [])
    assert.match(finding?.what ?? "", found)
    await runSql(url, "ALTER EVENT TRIGGER deny DISABLE")
    assert.deepEqual(await findings(), [])
    await waitUntil(() => pipeline.streaming() !== undefined, { what: "the stream", timeoutMs: 60_000 })
    assert.deepEqual(await pipeline.differences(), [])
    await pipeline.stop()
  })

test("one that refuses them only when a table comes: the stream goes on, and says why the table does not come", async () => {
  const { url } = await testDatabase()
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
  const pipeline = await testPipeline({ url })
  await runSql(url, ...deny("ddl_command_end", ["ALTER PUBLICATION"]))
  await runSql(url, "CREATE TABLE later (id int PRIMARY KEY)", "INSERT INTO later VALUES (1)")
  const { problems } = pipeline.reports
  await waitUntil(() => problems.length > 0, { what: "a problem", timeoutMs: 60_000 })
  assert.match(problems[0]?.message ?? "", told)
  await runSql(url, "INSERT INTO t VALUES (2)")
  assert.deepEqual(await pipeline.differences(["public.t"]), [])
  await runSql(url, "ALTER EVENT TRIGGER deny DISABLE")
  await waitUntil(() => pipeline.reports.copied.includes("public.later"), {
    what: "the new table",
    timeoutMs: 60_000,
  })
  assert.deepEqual(await pipeline.differences(), [])
  await pipeline.stop()
})

test("one that refuses to take a table out, whose updates fail: the guard says which, and does it when it may", async (context) => {
  const { url } = await testDatabase()
  await runSql(url, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
  const pipeline = await testPipeline({ url })
  await runSql(url, ...deny("ddl_command_start", ["ALTER PUBLICATION", "DROP PUBLICATION"]))
  const problems: (Problem | undefined)[] = []
  const withdrawn: string[] = []
  const source = openPostgresSource({ url, database: new URL(url).pathname.slice(1) })
  const protection = source.protect?.({
    handles: () => [pipeline.handle],
    onWithdrawn: (_, tables) => withdrawn.push(...tables.map(({ name }) => name)),
    onPartsChanged: () => undefined,
    onProblem: (problem) => problems.push(problem),
  })
  context.after(() => protection?.stop())
  await runSql(url, "ALTER TABLE t DROP CONSTRAINT t_pkey")
  await waitUntil(() => problems.some((one) => one !== undefined), { what: "a problem" })
  const problem = problems.find((one) => one !== undefined)
  assert.equal(problem?.kind, "sourceSettings")
  assert.match(problem?.message ?? "", told)
  assert.match(
    problem?.message ?? "",
    /Until then the source refuses to update and delete rows of public\.t\./,
  )
  assert.equal(withdrawn.length, 0)
  await runSql(url, "ALTER EVENT TRIGGER deny DISABLE")
  await waitUntil(() => withdrawn.includes("t"), { what: "the table to be taken out" })
  await runSql(url, "UPDATE t SET id = 2")
  await waitUntil(() => problems.at(-1) === undefined, { what: "the guard to be well" })
  await pipeline.stop()
})
