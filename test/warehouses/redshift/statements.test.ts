/**
 * Every form of statement that the Redshift adapter sends: as it was last looked at (statements.sql), and accepted by a grammar of
 * Redshift's dialect. Where the grammar is more lenient than the engine, what the engine lacks is listed here.
 */
import assert from "node:assert/strict"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { before, describe, test } from "node:test"
import { Dialect, parse } from "@polyglot-sql/sdk"
import { type StatementForm, statementForms } from "./statement-forms.ts"

const golden = join(import.meta.dirname, "statements.sql")

function written(forms: readonly StatementForm[]): string {
  return forms
    .map(({ when, statements }) => `-- ${when}\n${statements.map((one) => `${one};\n`).join("")}`)
    .join("\n")
}

/** Statements that the grammar does not know as such: Redshift's documentation has them word for word. */
const documented: readonly RegExp[] = [
  // BEGIN, "READ ONLY"
  /^BEGIN READ ONLY$/,
  // FETCH, "FORWARD count FROM cursor"; CLOSE
  /^FETCH FORWARD \d+ FROM \w+$/,
  /^CLOSE \w+$/,
]

/** What the grammar takes for some statement of its own, without looking into it. */
const unread = /"(command|unparsed|raw)"/

/** Options of COPY, which the grammar lets pass whatever they are. (Source: Redshift's documentation, "COPY".) */
const copyForm =
  /^COPY "[^"]+"(?:\."[^"]+")? \((?:"[^"]+"(?:, )?)+\) FROM 's3:\/\/[^']+' (?:IAM_ROLE '[^']+'|ACCESS_KEY_ID '[^']+' SECRET_ACCESS_KEY '[^']+'(?: SESSION_TOKEN '[^']+')?) REGION '[a-z0-9-]+' MANIFEST FORMAT AS CSV GZIP NULL AS '[^']+' DATEFORMAT 'auto' TIMEFORMAT 'auto' COMPUPDATE OFF STATUPDATE OFF$/

/** What the engine has not, or commits by. (Source: Redshift's documentation, "Unsupported PostgreSQL features" and each statement's page.) */
const foreign: readonly [string, RegExp][] = [
  ["IS DISTINCT FROM", /\bIS (NOT )?DISTINCT FROM\b/i],
  ["FILTER", /\bFILTER \(/i],
  ["ON CONFLICT", /\bON CONFLICT\b/i],
  ["ON COMMIT", /\bON COMMIT\b/i],
  ["DISTINCT ON", /\bDISTINCT ON\b/i],
  ["VALUES as a table", /\b(FROM|JOIN|USING) \(VALUES\b/i],
  ["LATERAL, generate_series, arrays", /\b(LATERAL|generate_series|ARRAY\[)/i],
  ["ctid", /\bctid\b/i],
  ["a target with an alias", /^(DELETE FROM|UPDATE) "[^"]+"(\."[^"]+")? (AS )?(?!USING|SET|WHERE)"?\w/i],
  ["TRUNCATE, which commits", /^TRUNCATE\b/i],
  ["APPEND, which commits", /^ALTER TABLE .* APPEND\b/i],
  ["ALTER … TYPE, which no transaction may have", /\bALTER COLUMN\b/i],
  ["SET SCHEMA", /\bSET SCHEMA\b/i],
  ["ALTER TABLE IF EXISTS", /\bALTER TABLE IF EXISTS\b/i],
  ["a type of PostgreSQL's", /\b(text|jsonb?|bytea|uuid|serial|timestamp without time zone)\s*[,)]/],
  ["a backslash in quotes", /\\/],
]

/** Constants and names tell nothing of the form. */
function bare(statement: string): string {
  return statement.replace(/'(?:[^']|'')*'/g, "''")
}

describe("statements for Redshift", () => {
  let forms: StatementForm[] = []
  before(async () => {
    forms = await statementForms()
  })

  test("are as they were last looked at", async () => {
    if (process.env.MILLRACE_WRITE_GOLDEN === "1") await writeFile(golden, written(forms))
    assert.equal(written(forms), await readFile(golden, "utf8"))
  })

  test("are accepted by a grammar of its dialect, each as the statement that it is", () => {
    const wrong: string[] = []
    for (const { statements } of forms)
      for (const statement of statements) {
        if (documented.some((form) => form.test(statement))) continue
        const { success, error, ast } = parse(statement, Dialect.Redshift)
        if (!success) wrong.push(`${statement}\n    ${error}`)
        else if (unread.test(JSON.stringify(ast).slice(0, 40))) wrong.push(`${statement}\n    was not read`)
      }
    assert.deepEqual(wrong, [])
  })

  test("have nothing in them that the engine lacks, or that ends a transaction", () => {
    const wrong = forms.flatMap(({ statements }) =>
      statements.flatMap((statement) =>
        foreign.flatMap(([what, form]) => (form.test(bare(statement)) ? [`${what}: ${statement}`] : [])),
      ),
    )
    assert.deepEqual(wrong, [])
  })

  test("load with the options that COPY has", () => {
    const loads = forms.flatMap(({ statements }) => statements.filter((one) => one.startsWith("COPY")))
    assert.ok(loads.length > 1)
    for (const load of loads) assert.match(load, copyForm)
  })

  test("would be refused if they were wrong: the grammar and the list find what is", () => {
    for (const wrong of [
      "SELEC 1",
      "DELETE FROM t WHERE",
      "CREATE TABLE x (id INTEGER",
      "ALTER TABLE t RENAME",
    ])
      assert.equal(parse(wrong, Dialect.Redshift).success, false, wrong)
    const foreignOnes = [
      "SELECT a IS DISTINCT FROM b",
      "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
      'DELETE FROM "s"."t" AS t WHERE true',
      'UPDATE "s"."t" t SET a = 1',
      "TRUNCATE t",
    ]
    for (const one of foreignOnes)
      assert.ok(
        foreign.some(([, form]) => form.test(one)),
        one,
      )
  })
})
