import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Source } from "../../../src/replication/contracts/source.ts"
import { scriptedFault } from "../../crash/scripted-faults/scripted-faults.ts"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

const waiting = { timeoutMs: 60_000, intervalMs: 100 }

async function assertEqualSoon(pipeline: TestPipeline, tables: string[], when: string): Promise<void> {
  let last: string[] = []
  const isEqual = async () => {
    last = await pipeline.differences(tables)
    return last.length === 0
  }
  await waitUntil(isEqual, { ...waiting, what: "equal tables" }).catch((error) => {
    throw new Error(`${when}: ${last.join("\n")}`, { cause: error })
  })
}

async function tablesHere({ home, database }: TestPipeline): Promise<string[]> {
  const found = await home.read(
    `SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = '${database}' AND schema_name <> 'millrace' AND NOT table_name LIKE 'millrace_test%' ORDER BY 1`,
  )
  return found.map(([name]) => name ?? "")
}

describe("changes of whole tables", { concurrency: 3 }, () => {
  test("tables are renamed and moved out of the filter and into it", async () => {
    const { url } = await testDatabase()
    const names = ["a", "b", "c", "out_d", "out_e", "out_f"]
    await runSql(
      url,
      "CREATE SCHEMA hidden",
      ...names.map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY, v text)`),
      "CREATE TABLE hidden.g (id int PRIMARY KEY, v text)",
      ...[...names, "hidden.g"].map(
        (name) => `INSERT INTO ${name} SELECT i, '${name}' || i FROM generate_series(1, 9) i`,
      ),
    )
    const select = ({ schema, name }: { schema: string; name: string }) =>
      schema === "public" && !name.startsWith("out_")
    const pipeline = await testPipeline({ url, select })
    await pipeline.settle()
    assert.deepEqual(await tablesHere(pipeline), ["public.a", "public.b", "public.c"])
    const steps: { statement: string; here: string[] }[] = [
      {
        // Rows after the new name, in the same transaction and later: out by the stream. `b` goes without a row.
        statement:
          "UPDATE a SET v = 'x'; ALTER TABLE a RENAME TO out_a; UPDATE out_a SET v = 'unseen'; ALTER TABLE b SET SCHEMA hidden",
        here: ["c"],
      },
      {
        // In, one of them with a change of its own and rows on the way, one from another schema.
        statement:
          "ALTER TABLE out_d RENAME TO d; ALTER TABLE d ADD c int DEFAULT 7; INSERT INTO d VALUES (20, 'd', 8); ALTER TABLE hidden.g SET SCHEMA public",
        here: ["c", "d", "g"],
      },
      {
        // One goes out and another takes its name.
        statement:
          "ALTER TABLE c RENAME TO out_c; ALTER TABLE out_e RENAME TO c; INSERT INTO c VALUES (21, 'e'); UPDATE out_c SET v = 'unseen'",
        here: ["c", "d", "g"],
      },
      {
        // Out and in again at once: for us it never left.
        statement:
          "ALTER TABLE d RENAME TO out_x; UPDATE out_x SET v = 'on the way'; ALTER TABLE out_x RENAME TO d; UPDATE d SET v = 'back' WHERE id < 5",
        here: ["c", "d", "g"],
      },
      {
        // What went out changes there, and comes back.
        statement: "ALTER TABLE out_a DROP v; ALTER TABLE out_a RENAME TO a; INSERT INTO a VALUES (30)",
        here: ["a", "c", "d", "g"],
      },
    ]
    for (const { statement, here } of steps) {
      await runSql(url, statement)
      const wanted = here.map((name) => `public.${name}`)
      await waitUntil(async () => String(await tablesHere(pipeline)) === String(wanted), {
        ...waiting,
        what: `${wanted} after ${statement}`,
      })
      await assertEqualSoon(pipeline, wanted, statement)
      await runSql(url, ...here.map((name) => `UPDATE ${name} SET id = id + 1000 WHERE id = 3`))
      await assertEqualSoon(pipeline, wanted, `rows after ${statement}`)
    }
    assert.deepEqual(pipeline.reports.problems, [])
  })

  test("a table that is unlogged fails and stays readable; logged again, it is copied", async () => {
    const { url } = await testDatabase()
    await runSql(
      url,
      "CREATE TABLE t (id int PRIMARY KEY, v text)",
      "INSERT INTO t SELECT i, 'v' FROM generate_series(1, 9) i",
      "CREATE TABLE u (id int PRIMARY KEY)",
    )
    const pipeline = await testPipeline({ url })
    await pipeline.settle()
    await assert.rejects(runSql(url, "ALTER TABLE t SET UNLOGGED"), /part of a publication/)
    await runSql(
      url,
      `INSERT INTO t VALUES (10, 'logged'); ALTER PUBLICATION ${pipeline.handle} DROP TABLE t; ALTER TABLE t SET UNLOGGED; INSERT INTO t VALUES (11, 'lost')`,
    )
    await waitUntil(() => /unlogged.*SET LOGGED/.test(pipeline.reports.failed.get("public.t") ?? ""), {
      ...waiting,
      what: "the reason",
    })
    const { home, database } = pipeline
    const readable = await home.read(`SELECT min(id)::VARCHAR FROM "${database}".public.t`)
    assert.deepEqual(readable, [["1"]])
    await runSql(url, "INSERT INTO u VALUES (1)")
    await assertEqualSoon(pipeline, ["public.u"], "the other table goes on")
    await runSql(
      url,
      "ALTER TABLE t SET LOGGED; ALTER TABLE t ADD c int DEFAULT 5; INSERT INTO t VALUES (12, 'again', 6)",
    )
    await assertEqualSoon(pipeline, ["public.t"], "after SET LOGGED")
    await runSql(url, "UPDATE t SET v = 'streams' WHERE id = 11")
    await assertEqualSoon(pipeline, ["public.t"], "after that")
  })

  test("changes of definitions that the spool replays when the warehouse is back", async () => {
    const { url } = await testDatabase()
    await runSql(
      url,
      "CREATE TABLE t (id int PRIMARY KEY, v varchar(20), n int)",
      "INSERT INTO t SELECT i, 'v' || i, i FROM generate_series(1, 50) i",
      "CREATE TABLE u (id int PRIMARY KEY, v text)",
      "CREATE TABLE gone (id int PRIMARY KEY)",
      "INSERT INTO gone VALUES (1)",
    )
    const fault = scriptedFault("applied", "hang")
    const pipeline = await testPipeline({ url, relief: "spool", around: fault })
    await pipeline.settle()
    fault.arm()
    await runSql(url, "UPDATE t SET n = n + 1")
    await fault.struck
    // A batch that has only begun is no reason; one that goes on for long is.
    await waitUntil(
      () => {
        pipeline.relieve()
        return pipeline.relief()?.kind === "spooling"
      },
      { what: "the spool", intervalMs: 250 },
    )
    await runSql(
      url,
      "UPDATE t SET v = 'before'; ALTER TABLE t ADD c date DEFAULT '2026-01-01'; UPDATE t SET c = NULL WHERE id < 9; ALTER TABLE t RENAME v TO w; ALTER TABLE t DROP n; INSERT INTO t VALUES (70, 'w', NULL)",
      "ALTER TABLE t RENAME TO x; ALTER TABLE u RENAME TO t; ALTER TABLE x RENAME TO u; INSERT INTO t VALUES (1, 'u'); DELETE FROM u WHERE id = 10",
      "ALTER TABLE t DROP CONSTRAINT u_pkey, ADD PRIMARY KEY (id, v)",
      "UPDATE t SET v = 'by both'",
      "DROP TABLE gone",
      "CREATE TABLE came (id int PRIMARY KEY); INSERT INTO came VALUES (1), (2)",
      "ALTER TABLE u ALTER w TYPE text USING upper(w)",
      "INSERT INTO u VALUES (80, 'low', NULL)",
    )
    fault.release()
    await assertEqualSoon(pipeline, ["public.t", "public.u", "public.came"], "after the spool")
    await waitUntil(async () => !(await tablesHere(pipeline)).includes("public.gone"), {
      ...waiting,
      what: "the dropped table to go",
    })
    await waitUntil(() => pipeline.relief() === undefined, { what: "the spool to be used up" })
    await runSql(
      url,
      "UPDATE u SET w = 'last' WHERE id > 40; ALTER TABLE came ADD v text; INSERT INTO came VALUES (3, 'v')",
    )
    await assertEqualSoon(pipeline, ["public.t", "public.u", "public.came"], "after all")
    assert.deepEqual(pipeline.reports.problems, [])
  })

  test("a copy that a rename cuts off is made again at the next look, under the new name", async () => {
    const { url } = await testDatabase()
    const included: number[] = []
    const source = (real: Source): Source => ({
      ...real,
      async stream(options) {
        const stream = await real.stream(options)
        return {
          ...stream,
          async include(...args) {
            const snapshot = await stream.include(...args)
            if (included.push(performance.now()) === 1) await runSql(url, "ALTER TABLE late RENAME TO later")
            return snapshot
          },
        }
      },
    })
    const pipeline = await testPipeline({ url, around: { source, warehouse: (real) => real } })
    await pipeline.settle()
    await runSql(url, "CREATE TABLE late (id int PRIMARY KEY); INSERT INTO late SELECT generate_series(1, 9)")
    await waitUntil(async () => (await tablesHere(pipeline)).includes("public.later"), {
      ...waiting,
      what: "the table",
    })
    await assertEqualSoon(pipeline, ["public.later"], "after the second copy")
    const [first = 0, second = 0] = included
    assert.ok(second - first < 14_000, `it waited ${second - first} ms as if nothing had changed`)
  })

  test("a table that fails while another takes its name stays readable under its new one", async () => {
    const { url } = await testDatabase()
    await runSql(
      url,
      "CREATE TABLE t (id int PRIMARY KEY, v text)",
      "INSERT INTO t SELECT i, 't' FROM generate_series(1, 9) i",
      "CREATE TABLE u (id int PRIMARY KEY, v text)",
      "INSERT INTO u SELECT i, 'u' FROM generate_series(1, 5) i",
    )
    const pipeline = await testPipeline({ url })
    await pipeline.settle()
    await runSql(
      url,
      "UPDATE t SET v = 'last'; ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t RENAME TO w; ALTER TABLE u RENAME TO t; INSERT INTO t VALUES (6, 'u')",
    )
    assert.deepEqual(await pipeline.differences(["public.t"]), [])
    const { home, database } = pipeline
    const rows = () => home.read(`SELECT count(*)::VARCHAR FROM "${database}".public.w`)
    assert.deepEqual(await rows(), [["9"]])
    await waitUntil(() => /no primary key/.test(pipeline.reports.failed.get("public.w") ?? ""), {
      ...waiting,
      what: "the reason",
    })
    assert.deepEqual(await rows(), [["9"]])
    await runSql(url, "ALTER TABLE w ADD PRIMARY KEY (id); INSERT INTO w VALUES (10, 'again')")
    await assertEqualSoon(pipeline, ["public.t", "public.w"], "with a key again")
    assert.deepEqual(pipeline.reports.problems, [])
  })

  test("a table that is to be resynced, and goes before it is, goes here too", async () => {
    const { url } = await testDatabase()
    await runSql(
      url,
      ...["t", "u"].map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY, n int)`),
      "INSERT INTO t VALUES (1, 1)",
    )
    const pipeline = await testPipeline({
      url,
      select: ({ name }) => !name.startsWith("out_"),
    })
    await pipeline.settle()
    await runSql(
      url,
      "ALTER TABLE t ALTER n TYPE bigint; INSERT INTO t VALUES (2, 2); ALTER TABLE u ALTER n TYPE bigint; INSERT INTO u VALUES (2, 2)",
      "DROP TABLE t",
      "ALTER TABLE u RENAME TO out_u",
    )
    await waitUntil(async () => (await tablesHere(pipeline)).length === 0, {
      ...waiting,
      what: "both to be gone",
    })
    assert.deepEqual(pipeline.reports.problems, [])
  })
})
