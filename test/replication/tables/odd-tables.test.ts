import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import type { Verdict } from "../../../src/replication/verify/verify.ts"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { debianServer, testDatabase } from "../../support/postgres.ts"
import { findingsButSpeed } from "../../support/quick-servers.ts"
import { waitUntil } from "../../support/wait-until.ts"

/** The product's own comparison, of every table, must see what the test's sees. */
async function assertVerified(pipeline: TestPipeline, tables: number): Promise<void> {
  await pipeline.settle()
  const rows = await pipeline.home.read(`SELECT table_id FROM "${pipeline.database}".millrace.tables`)
  const ids = new Set(rows.map(([id]) => id ?? ""))
  assert.ok(ids.size >= tables, `${ids.size} tables`)
  const found = new Map<string, Verdict>()
  await pipeline
    .streaming()
    ?.verify(ids, (id, verdict) => found.set(id, verdict), AbortSignal.timeout(60_000))
  assert.equal(found.size, ids.size)
  for (const verdict of found.values())
    assert.deepEqual(verdict.kind === "compared" ? verdict.differences : verdict.reason, [])
}

async function columnsOf(pipeline: TestPipeline, table: string): Promise<string[]> {
  const found = await pipeline.home.read(
    `SELECT column_name FROM duckdb_columns() WHERE database_name = '${pipeline.database}' AND table_name = '${table.replaceAll("'", "''")}' ORDER BY column_index`,
  )
  return found.map(([name]) => name ?? "")
}

async function rowsOf(url: string, pipeline: TestPipeline, table: string): Promise<[number, number]> {
  await pipeline.settle()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const source = await client.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM ${table}`)
  await client.end()
  const [row] = await pipeline.home.read(
    `SELECT count(*)::VARCHAR FROM "${pipeline.database}".public.${table}`,
  )
  return [source.rows[0]?.rows ?? -1, Number(row?.[0])]
}

test("a table without columns keeps its number of rows", async () => {
  const { url } = await testDatabase()
  const insert = (rows: number) => `INSERT INTO bare SELECT FROM generate_series(1, ${rows})`
  await runSql(url, "CREATE TABLE bare ()", "ALTER TABLE bare REPLICA IDENTITY FULL", insert(1000))
  const pipeline = await testPipeline({ url })
  assert.deepEqual(await rowsOf(url, pipeline, "bare"), [1000, 1000])
  await runSql(url, insert(50), "DELETE FROM bare WHERE ctid IN (SELECT ctid FROM bare LIMIT 7)")
  assert.deepEqual(await rowsOf(url, pipeline, "bare"), [1043, 1043])
  await runSql(url, "TRUNCATE bare", insert(3))
  assert.deepEqual(await rowsOf(url, pipeline, "bare"), [3, 3])
  assert.deepEqual(await columnsOf(pipeline, "bare"), ["millrace_no_columns"])
  await assertVerified(pipeline, 1)
  await runSql(url, "ALTER TABLE bare ADD COLUMN v int", "INSERT INTO bare VALUES (1)")
  await waitUntil(async () => String(await columnsOf(pipeline, "bare")) === "v", { what: "the column" })
  assert.deepEqual(await pipeline.differences(), [])
  await runSql(url, "ALTER TABLE bare DROP COLUMN v", insert(2))
  await waitUntil(async () => String(await columnsOf(pipeline, "bare")) === "millrace_no_columns", {
    what: "the table to be bare again",
  })
  assert.deepEqual(await rowsOf(url, pipeline, "bare"), [6, 6])
})

test("tables as wide as PostgreSQL lets them be, with a key and without", async () => {
  const { url } = await testDatabase()
  const types = ["int", "text", "float8", "timestamptz", "numeric(10,2)", "int[]", "boolean", "uuid", "date"]
  const columns = Array.from(
    { length: 1599 },
    (_, index) => `c${index} ${types[index % types.length]}`,
  ).join()
  const some = "c0, c1, c2, c6, c1595, c1598"
  const values = "i, 'x', i / 7.0, i % 2 = 0, 0, '{1,2}'"
  await runSql(
    url,
    `CREATE TABLE wide (id int PRIMARY KEY, ${columns})`,
    "ALTER TABLE wide ALTER c1 SET STORAGE EXTERNAL",
    `CREATE TABLE keyless (${columns})`,
    "ALTER TABLE keyless REPLICA IDENTITY FULL",
    `INSERT INTO wide (id, ${some}) SELECT i, ${values} FROM generate_series(1, 60) i`,
    `INSERT INTO keyless (${some}) SELECT ${values} FROM generate_series(1, 20) i`,
    "UPDATE wide SET c1 = repeat('long', 1000) WHERE id < 20",
  )
  const pipeline = await testPipeline({ url })
  assert.deepEqual(await pipeline.differences(), [], "by the copy")
  await runSql(
    url,
    "UPDATE wide SET c1 = 'y', c1597 = 1.5 WHERE id BETWEEN 10 AND 30",
    "UPDATE wide SET c0 = -1 WHERE id < 20",
    "UPDATE wide SET id = id + 1000 WHERE id < 5",
    "DELETE FROM wide WHERE id > 50 AND id < 60",
    "INSERT INTO wide (id, c1598) VALUES (5000, NULL)",
    "UPDATE keyless SET c1 = 'z' WHERE c0 < 5",
    "DELETE FROM keyless WHERE c0 > 15",
  )
  assert.deepEqual(await pipeline.differences(), [], "by the stream")
  await assertVerified(pipeline, 2)
})

const names = [
  "select",
  "Mixed Case",
  'quoted "twice"',
  "it's",
  "ünïcödé 日本 🚰",
  "a.b;c--d/*e*/",
  "\\back\\slash\\",
  "$1",
  "%s{0}",
  " ",
  "line\nbreak",
  "tab\there",
  "rowid",
  "oid",
  "n".repeat(63),
  "日".repeat(21),
]
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

test("names of every kind, of schemas, tables and columns", async () => {
  const { url } = await testDatabase()
  const schemas = ["Sales, 2024", 'the "best"', "group"]
  const list = names.map((name) => `${quoted(name)} int`).join(", ")
  const tables = names.map(
    (name, index) => `${quoted(schemas[index % schemas.length] ?? "")}.${quoted(name)}`,
  )
  const some = `(${["id", "select", 'quoted "twice"', "rowid", " "].map(quoted).join(", ")})`
  await runSql(
    url,
    ...schemas.map((name) => `CREATE SCHEMA ${quoted(name)}`),
    ...tables.flatMap((table, index) => [
      index % 2 === 0
        ? `CREATE TABLE ${table} (id int PRIMARY KEY, ${list})`
        : `CREATE TABLE ${table} (id int, ${list}); ALTER TABLE ${table} REPLICA IDENTITY FULL`,
      `INSERT INTO ${table} ${some} SELECT i, i, i, i, i FROM generate_series(1, 3) i`,
    ]),
  )
  const pipeline = await testPipeline({ url })
  assert.deepEqual([...pipeline.reports.failed, ...pipeline.reports.refused], [])
  assert.deepEqual(await pipeline.differences(), [], "by the copy")
  await runSql(
    url,
    ...tables.flatMap((table) => [
      `INSERT INTO ${table} ${some} VALUES (7, 7, 7, 7, 7), (8, 8, 8, 8, 8)`,
      `UPDATE ${table} SET ${quoted('quoted "twice"')} = 70, "rowid" = NULL WHERE id = 7`,
      `DELETE FROM ${table} WHERE id IN (2, 8)`,
    ]),
  )
  assert.deepEqual(await pipeline.differences(), [], "by the stream")
  await assertVerified(pipeline, tables.length)
  assert.deepEqual(await columnsOf(pipeline, "select"), ["id", ...names])
})

const generated = [
  "CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone text, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, n bigint GENERATED BY DEFAULT AS IDENTITY)",
  "ALTER TABLE made DROP COLUMN gone",
  "INSERT INTO made (a) SELECT generate_series(1, 20)",
]
const edits = [
  "INSERT INTO made (a, n) VALUES (100, 7), (NULL, DEFAULT)",
  "UPDATE made SET a = a + 1 WHERE id < 5",
  "DELETE FROM made WHERE id = 7",
]

test("identity, dropped and generated columns: PostgreSQL 18 sends the stored ones", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    ...generated,
    "ALTER TABLE made ADD COLUMN thrice int GENERATED ALWAYS AS (a * 3) VIRTUAL",
    "CREATE TABLE key_made (a int, k int GENERATED ALWAYS AS (a * 2) STORED PRIMARY KEY)",
    "CREATE TABLE just_made (id int GENERATED ALWAYS AS (1) STORED)",
    "ALTER TABLE just_made REPLICA IDENTITY FULL",
    "INSERT INTO key_made VALUES (1), (2)",
  )
  const pipeline = await testPipeline({ url })
  await runSql(
    url,
    ...edits,
    "INSERT INTO key_made VALUES (3)",
    "UPDATE key_made SET a = 10 WHERE a = 1",
    "DELETE FROM key_made WHERE a = 2",
    "INSERT INTO just_made DEFAULT VALUES",
  )
  assert.deepEqual(await pipeline.differences(), [])
  assert.deepEqual(await columnsOf(pipeline, "made"), ["id", "a", "twice", "n"])
  await assertVerified(pipeline, 3)
  const { name } = { name: new URL(url).pathname.slice(1) }
  const findings = await openPostgresSource({ url, database: name }).preflight(() => true)
  assert.deepEqual(
    findingsButSpeed(findings).map(({ what }) => what),
    ["Generated columns of public.made do not arrive: thrice."],
  )
})

test("an older server does not send generated columns: the copy leaves them out too", async (t) => {
  const { server, skip } = await debianServer()
  if (server === undefined) return t.skip(skip)
  await runSql(server.url(), "CREATE DATABASE generated")
  const url = server.url("generated")
  await runSql(url, ...generated)
  const pipeline = await testPipeline({ url })
  await runSql(
    url,
    ...edits,
    "ALTER TABLE made REPLICA IDENTITY FULL",
    "UPDATE made SET a = -a",
    "DELETE FROM made WHERE id = 3",
  )
  assert.deepEqual(await pipeline.differences(), [])
  assert.deepEqual(await columnsOf(pipeline, "made"), ["id", "a", "n"])
  await assertVerified(pipeline, 1)
  const findings = await openPostgresSource({ url, database: "generated" }).preflight(() => true)
  assert.match(
    String(findings.map(({ what }) => what)),
    /Generated columns of public.made do not arrive: twice/,
  )
})

test("labels that an enum gains while it streams", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TYPE mood AS ENUM ('sad')",
    "CREATE TABLE t (id mood PRIMARY KEY, list mood[])",
    "INSERT INTO t VALUES ('sad', '{sad}')",
  )
  const pipeline = await testPipeline({ url })
  await runSql(
    url,
    "ALTER TYPE mood ADD VALUE 'ok'",
    "ALTER TYPE mood ADD VALUE 'it''s {fine}, \"really\"' BEFORE 'sad'",
    "INSERT INTO t SELECT m, ARRAY[m, NULL, 'sad'] FROM unnest(enum_range(NULL::mood)) m ON CONFLICT DO NOTHING",
    "UPDATE t SET list = '{ok}' WHERE id = 'sad'",
  )
  assert.deepEqual(await pipeline.differences(), [])
  assert.deepEqual([...pipeline.reports.failed], [])
  await assertVerified(pipeline, 1)
})

test("labels that an enum renames under the rows that have them", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN feeling AS mood",
    "CREATE TYPE moods AS RANGE (subtype = mood); CREATE TYPE pair AS (a int, m mood); CREATE TYPE nested AS (p pair)",
    "CREATE TABLE plain (id int PRIMARY KEY, m mood)",
    "CREATE TABLE deep (id mood PRIMARY KEY, list feeling[], span moods, n nested[])",
    "CREATE TABLE parts (id int, m mood) PARTITION BY LIST (id); CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1)",
    "ALTER TABLE parts REPLICA IDENTITY FULL; ALTER TABLE part1 REPLICA IDENTITY FULL",
    "INSERT INTO plain VALUES (1, 'sad'); INSERT INTO parts VALUES (1, 'sad')",
    "INSERT INTO deep VALUES ('sad', '{sad,ok}', '[sad,ok)', '{\"(\\\"(1,sad)\\\")\"}')",
  )
  const pipeline = await testPipeline({ url })
  await runSql(
    url,
    "BEGIN; INSERT INTO plain VALUES (2, 'sad'); ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; INSERT INTO plain VALUES (3, 'blue'); COMMIT",
  )
  await waitUntil(async () => (await pipeline.differences()).length === 0, {
    what: "all tables to have the new label",
  })
  assert.deepEqual([...pipeline.reports.failed.keys()].sort(), [
    "public.deep",
    "public.parts",
    "public.plain",
  ])
  await runSql(url, "ALTER TYPE pair ADD ATTRIBUTE x int")
  await waitUntil(async () => (await pipeline.differences()).length === 0, {
    what: "what holds the type inside another to have its new attribute",
  })
})

test("a composite type that gains and loses attributes while it streams", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TYPE pair AS (a int, b text)",
    "CREATE DOMAIN twosome AS pair",
    "CREATE TABLE t (id int PRIMARY KEY, p pair)",
    "CREATE TABLE lists (id int PRIMARY KEY, list pair[], two twosome)",
    "INSERT INTO t VALUES (1, '(1,x)'), (2, NULL)",
    "INSERT INTO lists VALUES (1, '{\"(1,x)\",NULL}', '(7,seven)')",
  )
  const pipeline = await testPipeline({ url })
  for (const change of ["ADD ATTRIBUTE c date", "DROP ATTRIBUTE a"]) {
    await runSql(url, `ALTER TYPE pair ${change}`, "INSERT INTO t SELECT max(id) + 1, NULL FROM t")
    await waitUntil(async () => (await pipeline.differences()).length === 0, {
      what: `equality after ${change}`,
      timeoutMs: 60_000,
    })
  }
  await assertVerified(pipeline, 2)
})
