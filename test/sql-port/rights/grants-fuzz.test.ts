import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { canary, vault } from "../vault.ts"

/** Expressions and queries about each other, with the forbidden table somewhere inside. */
interface Grammar {
  query: string
  relation: string
  expression: string
  rest: string
}

const forbidden = [
  "vault",
  "public.vault",
  "shop.public.vault",
  '"vault"',
  '"Public"."VAULT"',
  "shop.public.window",
  "crm.public.strongroom",
  "shop.millrace.ledger",
  "dev.main.dropbox",
  "read_csv('data.csv')",
  "'data.csv'",
  "duckdb_columns()",
  "pg_attribute",
  "information_schema.columns",
  "query('FROM vault')",
]
const allowed = ["orders", "public.orders", "shop.public.orders", "(VALUES (1, 'x')) v(id, secret)"]
/** Names of WITH queries that a table has, too. */
const names = ["vault", "orders", "x", "strongroom", "window", "public", "shop"]

const { query } = fc.letrec<Grammar>((tie) => ({
  relation: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 2, arbitrary: fc.constantFrom(...forbidden) },
    { weight: 8, arbitrary: fc.constantFrom(...allowed) },
    { weight: 3, arbitrary: fc.constantFrom(...names) },
    fc.tuple(tie("query"), fc.constantFrom(...names)).map(([inner, alias]) => `(${inner}) AS "${alias}"`),
    fc
      .tuple(
        tie("relation"),
        fc.constantFrom("CROSS JOIN", "POSITIONAL JOIN", ",", "NATURAL JOIN", ", LATERAL"),
        tie("query"),
      )
      .map(([left, join, right]) => `${left} ${join} (${right}) AS "j"`),
    tie("relation").map((inner) => `(DESCRIBE ${inner})`),
    tie("relation").map((inner) => `(SUMMARIZE ${inner})`),
  ),
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 12, arbitrary: fc.constantFrom("1", "*", "*", "*", "id", "COLUMNS(*)", "count(*)") },
    fc.constantFrom("secret", "vault", "vault.secret", "x.secret", "max(secret)"),
    tie("query").map((inner) => `(${inner})`),
    tie("query").map((inner) => `ARRAY(${inner})`),
    tie("query").map((inner) => `EXISTS (${inner})`),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `coalesce(${a}, ${b})`),
    tie("expression").map((inner) => `error(${inner})`),
    tie("expression").map((inner) => `(${inner})::INTEGER`),
    tie("expression").map((inner) => `list_transform([1], lambda l: ${inner})`),
    tie("expression").map((inner) => `row_number() OVER (ORDER BY ${inner})`),
  ),
  rest: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("", "", "", "LIMIT 3", "ORDER BY ALL") },
    tie("expression").map((inner) => `WHERE ${inner} IS NOT NULL`),
    tie("expression").map((inner) => `QUALIFY ${inner} IS NOT NULL`),
    tie("expression").map((inner) => `LIMIT ${inner}`),
  ),
  query: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    {
      weight: 5,
      arbitrary: fc
        .tuple(tie("expression"), tie("relation"), tie("rest"))
        .map(([what, from, rest]) => `SELECT ${what} FROM ${from} ${rest}`),
    },
    tie("relation").map((from) => `FROM ${from}`),
    tie("expression").map((what) => `VALUES (${what})`),
    fc
      .tuple(tie("query"), fc.constantFrom("UNION ALL", "UNION BY NAME", "EXCEPT", "INTERSECT"), tie("query"))
      .map(([a, set, b]) => `(${a}) ${set} (${b})`),
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.constantFrom("", "RECURSIVE "),
          fc.constantFrom(...names),
          fc.constantFrom("", "MATERIALIZED "),
          tie("query"),
          fc.constantFrom(...names),
          tie("query"),
          tie("query"),
        )
        .map(
          ([recursive, a, how, first, b, second, body]) =>
            `WITH ${recursive}"${a}" AS ${how}(${first}), ${b} AS (${second}) ${body}`,
        ),
    },
  ),
}))

const statement = fc
  .tuple(
    fc.constantFrom(
      "",
      "",
      "",
      "",
      "EXPLAIN ",
      "EXPLAIN ANALYZE ",
      "DESCRIBE ",
      "SUMMARIZE ",
      "CREATE TABLE dev.main.stolen AS ",
      "INSERT INTO dev.main.dropbox ",
      "COPY ",
      "CREATE TEMP VIEW vw AS ",
    ),
    query,
  )
  .map(([head, body]) => head + body)

const numRuns = 400

test("whatever is composed around it, a closed table's rows never come back", async (t) => {
  const { attackers, attempt, contents } = await vault(t)
  const before = await contents()
  const reader = attackers.find(({ name }) => name === "reader")?.client
  assert.ok(reader)
  t.diagnostic(shownSeed)
  let answered = 0
  await fc.assert(
    fc.asyncProperty(statement, async (sql) => {
      const said = await attempt(reader, sql)
      if (said.includes("[{")) answered++
      assert.ok(!said.includes(canary), `${sql}\n${said}`)
    }),
    { seed: testSeed, numRuns, endOnFailure: true },
  )
  assert.deepEqual(await contents(), before)
  t.diagnostic(`${answered} of ${numRuns} statements were answered`)
  assert.ok(answered >= numRuns / 20, "hardly any statement was answered: the fuzz tries nothing")
})
