import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { promisify } from "node:util"
import { atEnd } from "../../e2e/clean-up.ts"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { folderOf, onServer } from "../../support/postgres/standby.ts"
import { type TestServer, testServer } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

const run = promisify(execFile)

async function server(context: TestContext): Promise<TestServer> {
  const server = await testServer()
  atEnd(context, () => server.remove())
  await runSql(
    server.url(),
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 1000) i",
  )
  return server
}

interface Saved {
  /** Puts the files back as they were; the server runs again. */
  restore(): Promise<void>
}

/** A copy of the files of the server, which stands still for it: nothing in it tells that it is one. */
async function save(source: TestServer): Promise<Saved> {
  const data = join(await folderOf(source.url()), "cluster", "data")
  await source.stop()
  await run("cp", ["-a", data, `${data}.saved`])
  await source.restart()
  return {
    async restore() {
      await source.stop()
      await run("rm", ["-r", data])
      await run("mv", [`${data}.saved`, data])
      await source.restart()
    },
  }
}

/**
 * `problems`: as many as it had told of before the source went. The break is told before the phase changes: that it streams again is
 * seen when there is no problem any more.
 */
async function streamsAgain(pipeline: TestPipeline, problems = 0): Promise<void> {
  await waitUntil(() => pipeline.reports.problems.length > problems, { what: "the break to be noticed" })
  const { reports } = pipeline
  await waitUntil(() => reports.problem === undefined && reports.phases.at(-1) === "streaming", {
    what: "the stream",
    // Retries wait for up to 30 s.
    timeoutMs: 60_000,
  })
}

const kinds = (pipeline: TestPipeline) => new Set(pipeline.reports.problems.map(({ kind }) => kind))

async function newest(source: TestServer): Promise<bigint> {
  const { rows } = await onServer(source.url(), "SELECT (pg_current_wal_insert_lsn() - '0/0')::text AS n")
  return BigInt(rows[0]?.n)
}

test("a server put back to an earlier time, and then ahead of us again, is not taken for the one we knew", async (context) => {
  const source = await server(context)
  const first = await testPipeline({ url: source.url() })
  await first.settle()
  const saved = await save(source)
  await streamsAgain(first)
  await runSql(source.url(), "INSERT INTO t SELECT i, 'to be undone' FROM generate_series(2000, 2100) i")
  await first.settle()
  await first.stop()
  const past = await newest(source)
  await saved.restore()
  await runSql(source.url(), "INSERT INTO t SELECT i, 'another history' FROM generate_series(5000, 5999) i")
  // What is written elsewhere carries the log far past our position.
  await runSql(source.url(), "CREATE TABLE ballast AS SELECT repeat('x', 500) FROM generate_series(1, 2000)")
  assert.ok((await newest(source)) > past)
  const { home, database, handle } = first
  const again = await testPipeline({ url: source.url(), home, database, handle })
  await waitUntil(() => kinds(again).has("sourceRestored"), { what: "the restore to be seen" })
  const rows = await home.read(`SELECT count(*)::VARCHAR FROM "${database}".public.t`)
  assert.ok(Number(rows[0]?.[0]) >= 1000, "the tables stay readable meanwhile")
  await waitUntil(() => again.reports.copied.includes("public.t"), { what: "the resync" })
  await streamsAgain(again)
  assert.deepEqual(await again.differences(["public.t"]), [])
  await again.stop()
})

test("a server that was put back to where we were already goes on, with what it wrote since", async (context) => {
  const source = await server(context)
  const pipeline = await testPipeline({ url: source.url() })
  await runSql(source.url(), "INSERT INTO t SELECT i, 'streamed' FROM generate_series(2000, 2100) i")
  await pipeline.settle()
  const saved = await save(source)
  await streamsAgain(pipeline)
  const told = pipeline.reports.problems.length
  await saved.restore()
  await runSql(source.url(), "INSERT INTO t SELECT i, 'since' FROM generate_series(5000, 5999) i")
  await streamsAgain(pipeline, told)
  assert.deepEqual(await pipeline.differences(), [])
  assert.deepEqual(
    [...kinds(pipeline)].filter((kind) => kind !== "sourceUnreachable"),
    [],
  )
  assert.equal(pipeline.reports.copied.filter((one) => one === "public.t").length, 1)
  await pipeline.stop()
})

test("a server that crashed, and forgot what we acknowledged, is still the same", async (context) => {
  const source = await server(context)
  const pipeline = await testPipeline({ url: source.url() })
  for (let round = 0; round < 3; round++) {
    await runSql(
      source.url(),
      `INSERT INTO t SELECT i, 'round' FROM generate_series(${2000 + round * 100}, ${2050 + round * 100}) i`,
    )
    await pipeline.settle()
    const told = pipeline.reports.problems.length
    await source.kill9()
    await source.restart()
    await streamsAgain(pipeline, told)
  }
  assert.deepEqual(await pipeline.differences(), [])
  assert.ok(!kinds(pipeline).has("sourceRestored") && !kinds(pipeline).has("sourceHistoryLost"))
  assert.equal(pipeline.reports.copied.filter((one) => one === "public.t").length, 1)
  await pipeline.stop()
})

test("another server under the same address is not taken for it, even with a slot of that name", async (context) => {
  const source = await server(context)
  const first = await testPipeline({ url: source.url() })
  await first.settle()
  await first.stop()
  const { home, database, handle } = first
  const other = await server(context)
  await runSql(
    other.url(),
    `CREATE PUBLICATION ${handle} FOR TABLE t`,
    `SELECT pg_create_logical_replication_slot('${handle}', 'pgoutput')`,
    "CREATE TABLE ballast AS SELECT repeat('x', 500) FROM generate_series(1, 20000)",
  )
  const second = await testPipeline({ url: other.url(), home, database, handle })
  await waitUntil(() => second.reports.problems.length > 0, { what: "the difference to be said" })
  assert.match(String(second.reports.problems[0]), /another cluster|no longer has/)
  await waitUntil(() => second.reports.copied.includes("public.t"), { what: "the resync" })
  await streamsAgain(second)
  assert.deepEqual(await second.differences(["public.t"]), [])
  await second.stop()
})
