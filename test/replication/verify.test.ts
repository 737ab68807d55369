import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import type { StreamingPipeline } from "../../src/replication/streaming.ts"
import type { Verdict } from "../../src/replication/verify/verify.ts"
import { runSql, type TestPipeline, testPipeline } from "../support/pipeline.ts"
import { debianServer, testDatabase } from "../support/postgres.ts"
import { waitUntil } from "../support/wait-until.ts"
import { ownTypes } from "./values/composed-types.ts"
import { createStatements, edgeRows, embedded, type Server, tableOfAllTypes } from "./values/random-tables.ts"

const never = new AbortController().signal

function streaming(pipeline: TestPipeline): StreamingPipeline {
  const now = pipeline.streaming()
  assert.ok(now, "the pipeline does not stream")
  return now
}

/** Verdicts by name of the table. */
async function verdicts(pipeline: TestPipeline): Promise<Map<string, Verdict>> {
  const rows = await pipeline.home.read(
    `SELECT table_id, table_name FROM "${pipeline.database}".millrace.tables`,
  )
  const names = new Map(rows.map(([id, name]) => [id ?? "", name ?? ""]))
  const found = new Map<string, Verdict>()
  const ids = new Set(names.keys())
  await streaming(pipeline).verify(ids, (id, verdict) => found.set(names.get(id) ?? "", verdict), never)
  return found
}

async function compared(pipeline: TestPipeline, table: string) {
  const verdict = (await verdicts(pipeline)).get(table)
  assert.equal(verdict?.kind, "compared")
  return verdict
}

async function idOf(pipeline: TestPipeline, table: string): Promise<string> {
  const [row] = await pipeline.home.read(
    `SELECT table_id FROM "${pipeline.database}".millrace.tables WHERE table_name = '${table}'`,
  )
  return row?.[0] ?? ""
}

test("rows changed, taken out and put in behind our back are named, exactly", async () => {
  const database = await testDatabase()
  await runSql(
    database.url,
    "CREATE TABLE t (id int, part text, v text, PRIMARY KEY (part, id))",
    "INSERT INTO t SELECT i, 'p' || i % 3, 'row ' || i FROM generate_series(1, 20000) i",
  )
  const pipeline = await testPipeline({ url: database.url })
  const equal = await compared(pipeline, "t")
  assert.deepEqual([equal.sourceRows, equal.warehouseRows, equal.differences], [20_000, 20_000, []])

  const live = `"${pipeline.database}".public.t`
  await pipeline.home.read(`
    UPDATE ${live} SET v = 'wrong' WHERE id = 7;
    DELETE FROM ${live} WHERE id IN (100, 200);
    INSERT INTO ${live} VALUES (30000, 'p0', 'nobody''s'), (9, 'p0', 'twice')`)
  const { differences, duplicates, isPartial } = await compared(pipeline, "t")
  assert.equal(duplicates, 1)
  const order = (a: { key: (string | null)[] }, b: { key: (string | null)[] }) =>
    Number(a.key[1]) - Number(b.key[1])
  assert.deepEqual(differences.sort(order), [
    { kind: "different", key: ["p1", "7"] },
    { kind: "surplus", key: ["p0", "9"] },
    { kind: "missing", key: ["p1", "100"] },
    { kind: "missing", key: ["p2", "200"] },
    { kind: "surplus", key: ["p0", "30000"] },
  ])
  assert.equal(isPartial, false)

  await streaming(pipeline).mend(
    await idOf(pipeline, "t"),
    differences.map(({ key }) => key),
    never,
  )
  assert.deepEqual((await compared(pipeline, "t")).differences, [])
  assert.deepEqual(await pipeline.differences(), [])
})

async function assertEveryTypeAlike(url: string, server: Server): Promise<void> {
  const [copied, streamed] = [tableOfAllTypes("copied", server), tableOfAllTypes("streamed", server)]
  await runSql(
    url,
    ...ownTypes,
    ...createStatements(copied),
    ...createStatements(streamed),
    ...edgeRows(copied),
  )
  const pipeline = await testPipeline({ url })
  await runSql(url, ...edgeRows(streamed))
  await pipeline.settle()
  for (const table of ["copied", "streamed"]) {
    const verdict = await compared(pipeline, table)
    assert.deepEqual(verdict.differences, [], table)
    assert.ok(verdict.sourceRows > 10)
  }
  await pipeline.stop()
}

test("every type and edge value has the same text on both sides, by copy and by stream", async () => {
  const database = await testDatabase()
  await assertEveryTypeAlike(database.url, embedded)
})

test("the same on the machine's own, older PostgreSQL, in a database that is not in UTF-8", async (context) => {
  const { server, skip } = await debianServer()
  if (server === undefined) return context.skip(skip)
  await runSql(server.url(), "CREATE DATABASE alltypes")
  await assertEveryTypeAlike(server.url("alltypes"), { version: 15, hasXml: true })

  await runSql(server.url(), "CREATE DATABASE latin ENCODING 'LATIN9' LOCALE 'C' TEMPLATE template0")
  const url = server.url("latin")
  await runSql(
    url,
    "CREATE TABLE t (k text PRIMARY KEY, v text)",
    "INSERT INTO t VALUES ('ü€', 'Œuvre ž'), ('plain', '')",
  )
  const pipeline = await testPipeline({ url })
  assert.deepEqual((await compared(pipeline, "t")).differences, [])
  await pipeline.home.read(`UPDATE "${pipeline.database}".public.t SET v = 'wrong'`)
  const { differences } = await compared(pipeline, "t")
  assert.deepEqual(differences.map(({ key }) => key).sort(), [["plain"], ["ü€"]])
  await streaming(pipeline).mend(await idOf(pipeline, "t"), [["ü€"], ["plain"]], never)
  assert.deepEqual((await compared(pipeline, "t")).differences, [])
  await pipeline.stop()
})

test("under constant writes nothing is found that is not there, and what is there is found and mended", async () => {
  const database = await testDatabase()
  await runSql(
    database.url,
    "CREATE TABLE t (id int PRIMARY KEY, n int, v text)",
    "INSERT INTO t SELECT i, 0, 'row ' || i FROM generate_series(1, 5000) i",
    "CREATE TABLE keyless (n int, v text)",
    "ALTER TABLE keyless REPLICA IDENTITY FULL",
    "INSERT INTO keyless SELECT i % 10, 'x' FROM generate_series(1, 500) i",
  )
  const pipeline = await testPipeline({ url: database.url })
  let isOver = false
  const writing = (async () => {
    for (let round = 1; !isOver; round++) {
      await runSql(
        database.url,
        `BEGIN; UPDATE t SET n = n + 1 WHERE id % 100 = ${round % 100}; INSERT INTO t VALUES (${10_000 + round}, 0, 'new'); COMMIT`,
        `DELETE FROM t WHERE id = ${10_000 + round - 5}; UPDATE t SET id = -id WHERE id = ${round}`,
        "UPDATE keyless SET n = n + 1 WHERE n = 5; DELETE FROM keyless WHERE n = 6; INSERT INTO keyless SELECT 5, 'x' FROM generate_series(1, 50)",
      )
    }
  })()
  try {
    for (let round = 0; round < 10; round++)
      for (const [table, verdict] of await verdicts(pipeline)) {
        assert.equal(verdict.kind, "compared", table)
        assert.deepEqual(verdict.differences, [], table)
      }
    // A row that is being changed all the time is mended to what it is, not to what it was.
    const live = `"${pipeline.database}".public.t`
    await pipeline.home.read(`UPDATE ${live} SET v = 'wrong' WHERE id BETWEEN 4000 AND 4099`)
    const { differences } = await compared(pipeline, "t")
    assert.ok(differences.length > 20, "some have been written again since")
    await streaming(pipeline).mend(
      await idOf(pipeline, "t"),
      differences.map(({ key }) => key),
      never,
    )
    assert.deepEqual((await compared(pipeline, "t")).differences, [])
  } finally {
    isOver = true
    await writing
  }
  assert.deepEqual(await pipeline.differences(), [])
  assert.deepEqual(pipeline.reports.problems, [])
})

test("keys of many types are found and mended", async () => {
  const database = await testDatabase()
  const keys: Record<string, string> = {
    bigint: "9007199254740993",
    text: "'it''s \\ \"q\" ü🦆'",
    uuid: "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
    bytea: "'\\x00ff'",
    date: "'0044-03-15 BC'",
    timestamptz: "'0044-03-15 10:00:00.5 BC'",
    timestamp: "'2024-02-29 23:59:59.999999'",
    "numeric(30,5)": "'-123456789012345678901.00001'",
    float8: "'0.1'",
    real: "'1e-20'",
    boolean: "true",
    "char(5)": "'ab'",
    inet: "'10.0.0.1'",
    numeric: "'1.50'",
  }
  const names = Object.keys(keys).map((_, index) => `k${index}`)
  await runSql(
    database.url,
    ...Object.entries(keys).flatMap(([type, value], index) => [
      `CREATE TABLE k${index} (k ${type} PRIMARY KEY, v text)`,
      `INSERT INTO k${index} VALUES (${value}, 'right')`,
    ]),
  )
  const pipeline = await testPipeline({ url: database.url })
  for (const name of names)
    await pipeline.home.read(`UPDATE "${pipeline.database}".public.${name} SET v = 'wrong'`)
  const found = await verdicts(pipeline)
  for (const name of names) {
    const verdict = found.get(name)
    assert.equal(verdict?.kind, "compared")
    assert.deepEqual(
      verdict.differences.map(({ kind }) => kind),
      ["different"],
      name,
    )
    const differing = verdict.differences.map(({ key }) => key)
    await streaming(pipeline).mend(await idOf(pipeline, name), differing, never)
  }
  for (const [table, verdict] of await verdicts(pipeline))
    assert.deepEqual(verdict.kind === "compared" && verdict.differences, [], table)
  assert.deepEqual(await pipeline.differences(), [])
})

test("a table without a key: equal rows are counted", async () => {
  const database = await testDatabase()
  await runSql(
    database.url,
    "CREATE TABLE t (n int, v text)",
    "ALTER TABLE t REPLICA IDENTITY FULL",
    "INSERT INTO t SELECT 1, 'same' FROM generate_series(1, 5)",
    "INSERT INTO t VALUES (2, NULL)",
  )
  const pipeline = await testPipeline({ url: database.url })
  const live = `"${pipeline.database}".public.t`
  await pipeline.home.read(`INSERT INTO ${live} VALUES (1, 'same'); DELETE FROM ${live} WHERE n = 2`)
  const { differences, duplicates } = await compared(pipeline, "t")
  assert.equal(duplicates, 1)
  assert.deepEqual(differences, [
    { kind: "missing", key: ["2", null] },
    { kind: "surplus", key: ["1", "same"] },
  ])
})

test("an open transaction at the source makes a comparison wait for another time, not the stream", async () => {
  const database = await testDatabase()
  await runSql(database.url, "CREATE TABLE t (id int PRIMARY KEY)")
  const pipeline = await testPipeline({ url: database.url })
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query("BEGIN; INSERT INTO t VALUES (1)")
  await assert.rejects(verdicts(pipeline), { name: "Problem", kind: "sourceBusy" })
  await runSql(database.url, "INSERT INTO t VALUES (2)")
  await client.query("COMMIT")
  await client.end()
  assert.deepEqual(await pipeline.differences(), [])
  assert.deepEqual((await compared(pipeline, "t")).differences, [])
})

async function rowsOf(url: string, query: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(query)).rows.length
  } finally {
    await client.end()
  }
}

test("comparing, resyncing and writing at once get along", async () => {
  const database = await testDatabase()
  await runSql(
    database.url,
    "CREATE TABLE t (id int PRIMARY KEY, n int)",
    "INSERT INTO t SELECT i, 0 FROM generate_series(1, 3000) i",
    "CREATE TABLE u (id int PRIMARY KEY, n int)",
    "INSERT INTO u SELECT i, 0 FROM generate_series(1, 3000) i",
  )
  const pipeline = await testPipeline({ url: database.url })
  const ids = [await idOf(pipeline, "t"), await idOf(pipeline, "u")]
  let isOver = false
  const writing = (async () => {
    for (let round = 1; !isOver; round++)
      await runSql(
        database.url,
        `BEGIN; UPDATE t SET n = ${round} WHERE id % 7 = ${round % 7}; UPDATE u SET n = n + 1 WHERE id = ${round}; COMMIT`,
      )
  })()
  const seen = new Map<string, number>()
  try {
    for (let round = 0; round < 8; round++) {
      void streaming(pipeline).resync([ids[round % 2] ?? ""])
      for (const [table, verdict] of await verdicts(pipeline)) {
        seen.set(verdict.kind, (seen.get(verdict.kind) ?? 0) + 1)
        if (verdict.kind === "compared") assert.deepEqual(verdict.differences, [], table)
      }
    }
  } finally {
    isOver = true
    await writing
  }
  assert.ok((seen.get("compared") ?? 0) > 6, JSON.stringify([...seen]))
  // The last resync may still be under way.
  await waitUntil(async () => (await pipeline.differences()).length === 0, {
    what: "both tables to be equal",
  })
  assert.deepEqual(pipeline.reports.problems, [])
})

test("a pipeline that stops ends a comparison at once", async () => {
  const database = await testDatabase()
  await runSql(
    database.url,
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT i, repeat('x', 200) FROM generate_series(1, 200000) i",
  )
  const pipeline = await testPipeline({ url: database.url })
  const comparing = verdicts(pipeline)
  comparing.catch(() => undefined)
  const digesting =
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT left(h,%'"
  await waitUntil(async () => (await rowsOf(database.url, digesting)) > 0, {
    what: "the source to digest",
    intervalMs: 5,
  })
  await pipeline.stop()
  await assert.rejects(comparing, { name: "Problem" })
  await waitUntil(async () => (await rowsOf(database.url, digesting)) === 0, {
    what: "the source to be left alone",
  })
})
