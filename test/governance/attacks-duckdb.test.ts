/** Ways to what policies hide, tried by readers who have the right to the table and see one row of it, with its secret hashed. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import pg from "pg"
import type { TableView } from "../../src/query/governed-tables.ts"
import { waysToATable } from "../sql-port/rights/attack-statements.ts"
import { testWarehouse } from "../sql-port/warehouse.ts"
import { fixedPolicies } from "./enforcement/fixed-policies.ts"
import { hiddenGuesses, waysAroundPolicies } from "./enforcement/ways-around-policies.ts"
import { waysByWriting } from "./enforcement/ways-by-writing.ts"

/** Stands in every value that the readers must not see: hidden rows, masked columns, the salt. */
const canary = "canary"

/** A condition that takes the engine long, so that it prefers to run those of the statement before. */
const seen: TableView = {
  kind: "filtered",
  sql: `SELECT id, sha256('${canary} salt' || secret) AS secret, note, region FROM "shop"."public"."vault" AS t
    WHERE regexp_matches(lower(region), '^n(or|ar)th$') AND strlen(region || secret) > 2`,
  columns: [
    { name: "id", type: "INTEGER", isClear: true },
    { name: "note", type: "VARCHAR", isClear: true },
  ],
}

const moments: TableView = {
  kind: "filtered",
  sql: `SELECT t.id AS id, t.day AS day, t.moment AS moment FROM "shop"."public"."moments" AS t WHERE t.region = 'north'`,
  columns: [{ name: "id", type: "INTEGER", isClear: true }],
}

async function vault(t: TestContext) {
  const policies = fixedPolicies()
  const warehouse = await testWarehouse(t, { governed: policies, statementTimeoutMs: 20_000 })
  const connection = await warehouse.instance.connect()
  await connection.run(`
    CREATE TABLE shop.public.vault (id INTEGER, secret VARCHAR, note VARCHAR, region VARCHAR);
    INSERT INTO shop.public.vault VALUES (1, '${canary} one', 'seen', 'north'), (2, '${canary} two', '${canary} note', 'south');
    INSERT INTO shop.public.vault SELECT i, '${canary}', '${canary}', 'south' FROM range(3, 300) r(i);
    CREATE TABLE shop.public.moments (id INTEGER, day DATE, moment TIMESTAMP, region VARCHAR);
    INSERT INTO shop.public.moments VALUES (1, '2024-02-03', '2024-02-03 04:05:06', 'north'),
      (-70, '5877642-06-25 (BC)', '290309-12-22 (BC) 00:00:00', 'south');
    CREATE VIEW shop.public.window AS SELECT id, secret, note FROM vault;
    CREATE VIEW shop.public.windows (a, b) AS WITH vault AS (SELECT * FROM shop.public.window) SELECT secret, note FROM vault`)
  connection.closeSync()
  const admin = await warehouse.client("admin", "shop")
  await admin.query("CREATE USER reader PASSWORD 'Sesame2024'")
  await admin.query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
  await admin.query(
    "GRANT CREATE, USAGE ON SCHEMA dev.main TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA dev.main TO reader",
  )
  const reader = await warehouse.client("reader", "shop", { password: "Sesame2024" })
  policies.set("shop.public.vault", () => seen)
  policies.set("shop.public.moments", () => moments)
  return { ...warehouse, policies, admin, reader, analyst: await warehouse.client("analyst", "shop") }
}

/** Everything that came back, errors included. Several statements at once go as a simple query, one is prepared. */
async function said(client: pg.Client, sql: string): Promise<string> {
  const answers: string[] = []
  const query = sql.includes(";") ? sql : { text: sql, values: [], queryMode: "extended" }
  const result: unknown = await client.query(query).catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError)) throw error
    assert.notEqual(error.code, "XX000", `${sql}: an internal error: ${error.message}`)
    answers.push(JSON.stringify([error.code, error.message, error.detail, error.hint]))
  })
  for (const one of [result].flat()) if (one instanceof pg.Result) answers.push(JSON.stringify(one.rows))
  await client.query("ROLLBACK; RESET ALL")
  return answers.join("\n")
}

const filled = (template: string, name: string) =>
  template
    .replaceAll("VAULT", name)
    .replaceAll("SCHEMA", "public")
    .replaceAll("NAME", name.split(".").at(-1) ?? "")

type Vault = Awaited<ReturnType<typeof vault>>

test("what policies hide stays hidden", async (t) => {
  const shared = await vault(t)
  for (const [name, attack] of attacks) await t.test(name, (one) => attack(shared, one))
})

async function everyForm({ reader, analyst, admin }: Vault, t: TestContext): Promise<void> {
  let answered = 0
  const tried = [
    ...[...waysToATable, ...waysAroundPolicies].map((template) => filled(template, "shop.public.vault")),
    ...waysToATable.slice(0, 20).map((template) => filled(template, "public.windows")),
    ...thirdOf(waysAroundPolicies).map((template) => filled(template, '"Window"')),
  ]
  for (const sql of tried) {
    const answer = await said(reader, sql)
    assert.ok(!answer.includes(canary), `${sql}\n${answer}`)
    if (answer.includes("seen")) answered++
  }
  for (const template of thirdOf(waysAroundPolicies)) {
    const sql = filled(template, "vault")
    assert.ok(!(await said(analyst, sql)).includes(canary), sql)
  }
  t.diagnostic(`${answered} of ${tried.length} statements show the one row that may be seen`)
  assert.ok(answered > 40)
  assert.equal((await admin.query("SELECT 1 FROM vault")).rowCount, 299)
}

function thirdOf(statements: readonly string[]): string[] {
  return statements.filter((_, at) => at % 3 === 0)
}

/** Of parameters without a type, and of those whose value decides a result's type, the statement is written anew. */
const withParameters: readonly [sql: string, values: unknown[]][] = [
  ["SELECT $1, id, secret, note FROM vault", ["x"]],
  ["SELECT note, $1 FROM vault WHERE id > $2", ["x", 0]],
  ["SELECT round(id, $1), note FROM vault", [1]],
  ["SELECT coalesce($1, note) FROM vault", [null]],
  ["SELECT $1 FROM vault WHERE note LIKE 'canary%'", ["canary of nobody"]],
  ["SELECT note, unnest($1) FROM windows AS w(secret, note)", [[1]]],
  ["SELECT x FROM (SELECT $1 AS x, secret FROM vault) v WHERE x IS NULL OR secret = $2", [null, "x"]],
  [
    "WITH v AS (SELECT $1 AS x, * FROM vault) SELECT note, x FROM v UNION ALL SELECT secret, $2 FROM v",
    ["a", "b"],
  ],
]

async function parameters({ reader, analyst }: Vault): Promise<void> {
  for (const client of [reader, analyst]) {
    for (const [text, values] of withParameters) {
      const { rows } = await client.query(text, values)
      assert.ok(rows.length <= 2 && !JSON.stringify(rows).includes(canary), text)
    }
  }
}

async function guessing({ reader, analyst }: Vault): Promise<void> {
  for (const [client, guesses] of [
    [reader, hiddenGuesses],
    [analyst, thirdOf(hiddenGuesses)],
  ] as const) {
    for (const template of guesses) {
      const right = await said(client, template.replaceAll("GUESS", `${canary} note`))
      const wrong = await said(client, template.replaceAll("GUESS", "nothing like it"))
      assert.equal(right, wrong, template)
    }
  }
  // A parameter is asked of the table, too: of a row that is hidden as of none.
  for (const text of ofParameter) {
    const of = async (id: number) => JSON.stringify(await outcome(reader, text, [id]))
    assert.equal(await of(2), await of(9_999), text)
  }
}

const ofParameter = [
  "SELECT count(*) FROM vault WHERE id = $1 AND error(note) IS NULL",
  "SELECT count(*) FROM vault WHERE id = $1 AND 1 / (id - $1) = 1",
  "SELECT note::INTEGER FROM vault WHERE id = $1 AND note::INTEGER > 0",
]

async function outcome(client: pg.Client, text: string, values: unknown[]): Promise<unknown> {
  try {
    return (await client.query(text, values)).rows
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return [error.code, error.message]
  }
}

async function counting({ reader, analyst }: Vault): Promise<void> {
  for (const client of [reader, analyst]) {
    const { rows } = await client.query("SELECT reltuples::int AS n FROM pg_class WHERE relname = 'vault'")
    assert.deepEqual(rows, [{ n: -1 }])
    const info = await client.query("SELECT tbl_rows::int AS n FROM svv_table_info WHERE \"table\" = 'vault'")
    assert.deepEqual(info.rows, [{ n: -1 }])
  }
}

async function copying({ client }: Vault): Promise<void> {
  const reader = await client("reader", "dev", { password: "Sesame2024" })
  await reader.query("CREATE TABLE dev.main.mine AS SELECT * FROM shop.public.vault")
  const { rows } = await reader.query("SELECT id, note FROM dev.main.mine")
  assert.deepEqual(rows, [{ id: 1, note: "seen" }])
  await assert.rejects(reader.query("CREATE TEMP TABLE mine AS SELECT * FROM shop.public.vault"), {
    code: "42501",
  })
}

/** What was written is asked for, too: by who wrote it, and in the catalog by an administrator. */
async function writing({ admin, client, instance }: Vault, t: TestContext): Promise<void> {
  const reader = await client("reader", "dev", { password: "Sesame2024" })
  await reader.query("CREATE TABLE dev.main.own (id int, note text)")
  await admin.query("GRANT SELECT, INSERT, DELETE ON dev.main.own TO reader")
  await reader.query("INSERT INTO dev.main.own VALUES (1, 'a'), (2, 'b')")
  let answered = 0
  for (const template of waysByWriting) {
    const sql = template.replaceAll("VAULT", "shop.public.vault")
    const answer = await said(reader, sql)
    assert.ok(!answer.includes(canary), `${sql}\n${answer}`)
    if (answer.includes("seen")) answered++
  }
  t.diagnostic(`${answered} of ${waysByWriting.length} statements show the one row that may be seen`)
  const connection = await instance.connect()
  const made = await connection.runAndReadAll(
    "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'dev' UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE database_name = 'dev' AND NOT internal",
  )
  for (const [name] of made.getRows()) {
    const answer = await said(reader, `SELECT * FROM dev.${name}`)
    assert.ok(!answer.includes(canary), `${name}: ${answer}`)
  }
  connection.closeSync()
  assert.equal((await admin.query("SELECT 1 FROM vault")).rowCount, 299)
}

/** The engine looks at a column's least and greatest value, in whichever row, when it plans these. */
const ofStatistics: readonly [expression: string, seen: string][] = [
  ["date_trunc('year', day)::date", "2024-01-01"],
  ["date_trunc('month', moment::date)::date", "2024-02-01"],
  ["datetrunc('year', moment)::date", "2024-01-01"],
  ["extract(isoyear FROM day)", "2024"],
  ["yearweek(day)", "202405"],
  ["epoch_us(day)", "1706918400000000"],
  ["epoch_ns(moment)", "1706933106000000000"],
]

async function statistics({ reader }: Vault): Promise<void> {
  for (const [expression, seen] of ofStatistics) {
    const { rows } = await reader.query(`SELECT CAST(${expression} AS text) AS seen FROM moments`)
    assert.deepEqual(rows, [{ seen }], expression)
  }
  const [below, above] = [-80, -60].map((id) => `SELECT id FROM moments WHERE id > ${id} OR 'x'::int = 3`)
  assert.equal(await said(reader, below ?? ""), await said(reader, above ?? ""))
  // Between the least and the greatest value there are 72 places with the hidden row, and one without it.
  const bits = await said(reader, "SELECT length(bitstring_agg(id)) FROM moments")
  assert.ok(!bits.includes("72"), bits)
}

const attacks: readonly [string, (shared: Vault, t: TestContext) => Promise<void>][] = [
  ["no form of statement shows a hidden row, a masked value or the salt", everyForm],
  ["a statement that is written anew for its parameters shows what the policy shows", parameters],
  ["an error does not tell whether a hidden value was guessed", guessing],
  ["no function shows, and none fails on, statistics of hidden rows", statistics],
  ["the number of hidden rows stands in no catalog", counting],
  ["a table made from a governed one has its maker's rows, and a temporary one cannot be made", copying],
  ["no statement that writes, defines or is prepared takes more than its user may see", writing],
]
