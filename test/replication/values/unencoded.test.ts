import assert from "node:assert/strict"
import { test } from "node:test"
import { defaultDatabaseOptions } from "../../../src/domain/database-options.ts"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { quickWaits, runSql, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

const bad = "convert_from('\\x52656ee9', 'SQL_ASCII')"

test("a database in SQL_ASCII: only tables with text that is not UTF-8 stay out, until it is mended", async () => {
  const { url, name: database } = await testDatabase({ encoding: "SQL_ASCII" })
  await runSql(
    url,
    "CREATE TABLE plain (id int PRIMARY KEY, v text, a text[])",
    "INSERT INTO plain VALUES (1, 'ascii', '{a}'), (2, 'Zoé', '{é,ü}')",
    "CREATE TABLE bad (id int PRIMARY KEY, v text)",
    `INSERT INTO bad VALUES (1, ${bad})`,
    "CREATE TABLE later (id int PRIMARY KEY, v text, j json, a text[])",
    "CREATE TABLE arrays (id int PRIMARY KEY, a text[])",
  )
  const findings = await openPostgresSource({ url, database }).preflight(() => true)
  assert.deepEqual(
    findings.filter(({ severity }) => severity === "error"),
    [],
  )
  assert.match(findings.map(({ what }) => what).join(), /SQL_ASCII/)
  const pipeline = await testPipeline({ url })
  const { failed } = pipeline.reports
  assert.match(failed.get("public.bad") ?? "", /Column v has text that is not UTF-8.*ACCEPTINVCHARS/)
  assert.deepEqual(await pipeline.differences(["public.plain", "public.later"]), [])
  await runSql(
    url,
    "INSERT INTO plain VALUES (3, 'später', NULL); UPDATE plain SET v = v || 'ü'",
    "INSERT INTO later VALUES (1, 'é', '{\"k\":\"é\"}', '{é}')",
    `INSERT INTO later VALUES (2, ${bad}, NULL, NULL)`,
    `INSERT INTO arrays VALUES (1, ARRAY[${bad}])`,
  )
  for (const table of ["public.later", "public.arrays"])
    assert.match(await waitUntil(() => failed.get(table), { what: `${table} to stay out` }), /not UTF-8/)
  assert.deepEqual(await pipeline.differences(["public.plain"]), [])
  // Its columns are others: it is tried again at once.
  await runSql(url, "DELETE FROM later WHERE id = 2; ALTER TABLE later ADD w int")
  await waitUntil(async () => (await pipeline.differences(["public.later"])).length === 0, {
    what: "the mended table",
    timeoutMs: 60_000,
  })
  assert.deepEqual(pipeline.reports.problems, [])
  await pipeline.stop()
})

test("a database in SQL_ASCII: with ACCEPTINVCHARS question marks stand for what is not UTF-8", async () => {
  const { url } = await testDatabase({ encoding: "SQL_ASCII" })
  await runSql(
    url,
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    `INSERT INTO t VALUES (1, ${bad})`,
    "CREATE TABLE named (id int PRIMARY KEY, v text)",
    `DO $$ BEGIN EXECUTE format('ALTER TABLE named RENAME v TO %I', ${bad}); END $$`,
  )
  const options = () => ({ ...defaultDatabaseOptions, acceptInvalidCharacters: true })
  const pipeline = await testPipeline({ url, options })
  await runSql(url, `INSERT INTO t VALUES (2, ${bad}), (3, 'Zoé')`)
  await pipeline.settle()
  const rows = await pipeline.home.read(`SELECT v FROM "${pipeline.database}".public.t ORDER BY id`)
  assert.deepEqual(rows.flat(), ["Ren?", "Ren?", "Zoé"])
  assert.match(pipeline.reports.refused.get("public.named") ?? "", /not UTF-8/)
  await pipeline.stop()
})

test("a database in WIN1252: a table with a character that UTF-8 lacks stays out of the copy, and ends no stream for good", async () => {
  const { url } = await testDatabase({ encoding: "WIN1252" })
  await runSql(
    url,
    "CREATE TABLE good (id int PRIMARY KEY, v text)",
    "INSERT INTO good VALUES (1, 'Zoé €')",
    "CREATE TABLE bad (id int PRIMARY KEY, v text)",
    "INSERT INTO bad VALUES (1, chr(129))",
    "CREATE TABLE later (id int PRIMARY KEY, v text)",
  )
  const pipeline = await testPipeline({ url, waits: { ...quickWaits, firstRetryMs: 100 } })
  const { failed, problems } = pipeline.reports
  assert.match(failed.get("public.bad") ?? "", /cannot convert to UTF-8/)
  assert.deepEqual(await pipeline.differences(["public.good"]), [])
  await runSql(url, "INSERT INTO later VALUES (1, chr(141))", "INSERT INTO good VALUES (2, 'später')")
  const whenLater = () => /cannot convert/.test(failed.get("public.later") ?? "")
  await waitUntil(whenLater, { what: "the table to stay out", timeoutMs: 60_000 })
  assert.deepEqual([...new Set(problems.map(({ kind }) => kind))], ["sourceHistoryLost"])
  problems.length = 0
  await waitUntil(() => pipeline.reports.phases.at(-1) === "streaming", { what: "the others to stream" })
  await runSql(url, "UPDATE good SET v = v || 'ü'")
  assert.deepEqual(await pipeline.differences(["public.good"]), [])
  await pipeline.stop()
})
