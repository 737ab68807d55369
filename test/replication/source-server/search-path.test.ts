/** Whoever may create functions and operators at a source must not have our sessions run them. */
import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { runSql, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

/** A function whose arguments fit our own calls better than those of the server's: it notes who called it. */
function trap(number: number, call: string, returns: string, value: string): string {
  return `CREATE FUNCTION public.${call} RETURNS ${returns} LANGUAGE plpgsql AS $f$ BEGIN
    INSERT INTO public.caught VALUES (${number}, current_user); RETURN ${value}; END $f$`
}

const operators: [operator: string, left: string, right: string, returns: string, value: string][] = [
  ["||", "oid", "text", "text", "$1::text || $2"],
  ["||", "text", "xid", "text", "$1 || $2::text"],
  ["||", "text", "oid", "text", "$1 || $2::text"],
  ["=", '"char"', "text", "boolean", "$1::text = $2"],
  ["=", "name", "name[]", "boolean", "true"],
]

test("functions and operators of another user in schema public are not run", async () => {
  const { url, name } = await testDatabase()
  const role = `mallory_of_${name}`
  await runSql(
    url,
    `CREATE ROLE "${role}" LOGIN PASSWORD 'guessed'`,
    `GRANT CREATE ON SCHEMA public TO "${role}"`,
    "CREATE TABLE caught (trap int, who text)",
    "GRANT ALL ON caught TO PUBLIC",
    "CREATE TYPE mood AS ENUM ('so', 'la')",
    "CREATE TYPE pair AS (a int, m mood)",
    "CREATE TABLE t (id int PRIMARY KEY, n numeric(5, 2), f float8, i inet, m mood, p pair, ms mood[])",
    `INSERT INTO t VALUES (1, 1, 1, '10.0.0.1', 'so', (1, 'la'), '{so}')`,
    "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id)",
    "CREATE TABLE part PARTITION OF parts DEFAULT",
    "INSERT INTO parts VALUES (1)",
  )
  const asMallory = new URL(url)
  asMallory.username = role
  asMallory.password = "guessed"
  await runSql(
    asMallory.href,
    trap(100, "concat_ws(text, text, xid)", "text", "$1 || $2 || $3::text"),
    trap(101, "concat(inet)", "text", "'caught'"),
    trap(102, "greatest(real, int)", "real", "$1"),
    ...operators.flatMap(([operator, left, right, returns, value], index) => [
      trap(index, `trap_${index}(${left}, ${right})`, returns, value),
      `CREATE OPERATOR public.${operator} (leftarg = ${left}, rightarg = ${right}, function = public.trap_${index})`,
    ]),
  )
  const source = openPostgresSource({ url, database: name })
  await source.preflight(() => true)
  const pipeline = await testPipeline({ url, select: (table) => table.name !== "caught" })
  await runSql(
    url,
    "UPDATE t SET n = 2",
    "INSERT INTO parts VALUES (2)",
    "CREATE TABLE later (id int PRIMARY KEY)",
  )
  await waitUntil(() => pipeline.reports.copied.includes("public.later"), { what: "the new table" })
  assert.deepEqual(await pipeline.differences(["public.t", "public.parts", "public.later"]), [])
  const rows = await pipeline.home.read(`SELECT table_id FROM "${pipeline.database}".millrace.tables`)
  const verified: string[] = []
  const ids = new Set(rows.map(([id]) => id ?? ""))
  await pipeline
    .streaming()
    ?.verify(
      ids,
      (_, verdict) =>
        verified.push(...(verdict.kind === "compared" ? verdict.differences.map(String) : [verdict.reason])),
      AbortSignal.timeout(60_000),
    )
  assert.deepEqual(verified, [])
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows: caught } = await client.query("SELECT DISTINCT trap FROM caught")
  await client.end()
  assert.deepEqual(caught, [])
  // Types are called as before.
  assert.deepEqual(pipeline.reports.problems, [])
  await pipeline.stop()
})
