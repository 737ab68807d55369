import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { testWarehouse } from "../warehouse.ts"
import { endlessCalls } from "./endless-calls.ts"
import { crashes, endless, fillers, freezes, type Hostile } from "./hostile-statements.ts"

/** How a statement ended: `ok` or the error's code, and what it says. */
async function outcome(client: pg.Client, sql: string): Promise<{ code: string; message: string }> {
  try {
    await client.query(sql)
    return { code: "ok", message: "" }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return { code: error.code ?? "", message: error.message.slice(0, 300) }
  }
}

for (const [kind, statements] of Object.entries({ crashes, freezes, endless, endlessCalls, fillers })) {
  test(`${kind}: a user without grants gets an answer, and so does an administrator`, async (t) => {
    const { client: connect } = await testWarehouse(t, { statementsAtOnce: 4, statementTimeoutMs: 30_000 })
    const clients = [await connect("analyst", "shop"), await connect("admin", "shop")]
    const wrong: string[] = []
    for (const [what, sql, ...codes] of statements satisfies Hostile[]) {
      for (const client of clients) {
        const { code, message } = await outcome(client, sql)
        if (!codes.includes(code)) wrong.push(`${what}: ${code} ${message}`)
      }
    }
    assert.deepEqual(wrong, [])
    assert.deepEqual((await clients[0]?.query("SELECT count(*)::int AS n FROM orders"))?.rows, [{ n: 1000 }])
  })
}

test("an administrator's writes are bounded, too, and do what they say", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const admin = await connect("admin", "dev")
  const lead = "SELECT lead(range, -9223372036854775808) OVER () AS n FROM range(10)"
  assert.equal((await outcome(admin, `CREATE TABLE crashed AS ${lead}`)).code, "22003")
  await admin.query("CREATE TABLE words (word VARCHAR)")
  assert.equal((await outcome(admin, `INSERT INTO words ${lead}`)).code, "22003")
  await admin.query(
    "INSERT INTO words SELECT 'a_' || n FROM (VALUES (1), (2), (30)) v(n) WHERE 'x' || n LIKE 'x_'",
  )
  await admin.query("CREATE VIEW short_words AS SELECT word FROM words WHERE word LIKE 'a__' ORDER BY word")
  assert.deepEqual((await admin.query("SELECT word FROM short_words")).rows, [
    { word: "a_1" },
    { word: "a_2" },
  ])
  await admin.query("DROP VIEW short_words")
})

test("what tools write goes on meaning the same", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  const rows: [string, unknown[], unknown][] = [
    ["SELECT 'a.c' LIKE 'a._' AS v", [], true],
    ["SELECT 'abc' LIKE 'a.c' AS v", [], false],
    ["SELECT 'abc' NOT LIKE '_b_' AS v", [], false],
    ["SELECT 'ÄBC' ILIKE 'ä_c' AS v", [], true],
    ["SELECT E'a\nb' LIKE 'a_b' AS v", [], true],
    ["SELECT '50%' LIKE '%0!%' ESCAPE '!' AS v", [], true],
    ["SELECT '500' LIKE '%0!%' ESCAPE '!' AS v", [], false],
    ["SELECT '(x)' LIKE $1 AS v", ["(_)"], true],
    ["SELECT '(x)' LIKE $1 AS v", ["%(%)"], true],
    ["SELECT 'axbxc' LIKE $1 AS v", ["%x%x%"], true],
    ["SELECT 'axbyc' LIKE $1 AS v", ["%x%x%"], false],
    ["SELECT 'Abc' ILIKE '%' || $1 || '%' AS v", ["B"], true],
    ["SELECT NULL::VARCHAR LIKE $1 AS v", ["a"], null],
    ["SELECT repeat('ab', 3) AS v", [], "ababab"],
    ["SELECT lpad(id::VARCHAR, 5, '0') AS v FROM orders WHERE id = 7", [], "00007"],
    ["SELECT replace('a-b-c', '-', '--') AS v", [], "a--b--c"],
    ["SELECT regexp_replace('a1b22', '[0-9]+', '#', 'g') AS v", [], "a#b#"],
    ["SELECT regexp_replace('aXb', '(x|y)', '-', 'i') AS v", [], "a-b"],
    ["SELECT strpos('hello', substr('yellow', 2, 3))::INT AS v", [], 2],
    ["SELECT levenshtein('kitten', 'sitting')::INT AS v", [], 3],
    ["SELECT lag(id, 2) OVER (ORDER BY id)::INT AS v FROM orders ORDER BY id DESC LIMIT 1", [], 997],
    ["SELECT len(generate_series(DATE '2024-01-01', DATE '2024-01-31', INTERVAL '1 day'))::INT AS v", [], 31],
    ["SELECT count(*)::INT AS v FROM (SELECT unnest(generate_series(1, 10)))", [], 10],
    ["SELECT json_structure('{\"a\":[1]}')::VARCHAR AS v", [], '{"a":["UBIGINT"]}'],
    ["SELECT nullif(coalesce(NULL, 2), 3) AS v", [], 2],
    ["SELECT approx_top_k(v, 2)[1] AS v FROM (VALUES (7), (7), (8)) t(v)", [], 7],
    ["SELECT list_aggregate([1, 2], 'max') AS v", [], 2],
    ["SELECT quantile_disc(v, [0.5, 0.9])[1] AS v FROM (VALUES (7), (7), (8)) t(v)", [], 7],
    ["SELECT reservoir_quantile(v, 0.5, 100)::INT AS v FROM (VALUES (7), (7), (7)) t(v)", [], 7],
    ["SELECT histogram(v, [5, 10])[10]::INT AS v FROM (VALUES (7), (7), (8)) t(v)", [], 3],
    ["SELECT format('{}-{}', 'a', 2) AS v", [], "a-2"],
    ["SELECT replace('a-b', $1, $2) AS v", ["-", "--"], "a--b"],
    ["SELECT repeat('ab', $1) AS v", ["2"], "abab"],
    ["SELECT split_part('a,b', $1, $2) AS v", [",", "2"], "b"],
    ["SELECT regexp_count('a1b22', $1) AS v", ["[0-9]+"], "2"],
    ["SELECT regexp_matches('a1b22', $1) AS v", ["^[a-z0-9]{5}$"], true],
    [`SELECT 'a1b22' ~ '^[a-z0-9]{1,255}$' AS v`, [], true],
    [`SELECT '${"a".repeat(300)}' LIKE '${"_".repeat(300)}' AS v`, [], true],
    // The engine describes no result whose type depends on a value.
    ["SELECT round(1.256::DECIMAL(5,3), $1) AS v", ["2"], "1.26"],
    ["SELECT round(15.256::DECIMAL(5,3), $1) AS v", ["0"], "15"],
    ["SELECT string_agg(s, $1) AS v FROM (VALUES ('a'), ('b')) t(s)", ["-"], "a-b"],
    ["SELECT strptime('02.01.2024', $1)::DATE::VARCHAR AS v", ["%d.%m.%Y"], "2024-01-02"],
    ["SELECT regexp_replace('aAa', $1, 'x', $2) AS v", ["a", "gi"], "xxx"],
    ["SELECT {'a': 1}[$1] AS v", ["a"], 1],
    ["SELECT 1 AS v FROM (SELECT {'a': 1, 'b': 'x'}[$1])", ["b"], 1],
    ["SELECT len(equi_width_bins(0, 10, 2, true))::INT AS v", [], 2],
    ["SELECT map_concat(map {'a': 1}, map {'b': 2})['b'] AS v", [], 2],
    ["SELECT list_reduce(['a', 'b'], lambda x, y: x || y) AS v", [], "ab"],
    ["SELECT list_reduce(range(5000), lambda x, y: x + y)::INT AS v", [], 12_497_500],
    ["SELECT list_transform(['abc'], lambda x: levenshtein(x, 'abd'))[1]::INT AS v", [], 1],
    ["SELECT len(regexp_extract_all('a-b;c', '[a-z]+-|[a-z]+'))::INT AS v", [], 3],
    ["SELECT regexp_replace('  a  ', '^ +| +$', '', 'g') AS v", [], "a"],
    ["SELECT strptime('2.1.2024', ['%Y-%m-%d', '%d.%m.%Y'])::DATE::VARCHAR AS v", [], "2024-01-02"],
    ["SELECT length(regexp_replace(repeat('ab', 30000), $1, '', 'g'))::INT AS v", ["b+"], 30_000],
    ["SELECT len(range(50000))::INT AS v", [], 50_000],
    [
      "SELECT count(*)::INT AS v FROM (SELECT unnest(generate_series($1::TIMESTAMP, $2::TIMESTAMP, INTERVAL '1 minute')))",
      ["2024-01-01", "2024-02-01"],
      44_641,
    ],
    ["SELECT lpad($1, $2, $3) AS v", ["1", "3", "0"], "001"],
    ["SELECT json_structure($1)::VARCHAR AS v", ["[1]"], '["UBIGINT"]'],
    ["SELECT list_transform(['1'], lambda x: lpad(x, 3, '0') || '-')[1] AS v", [], "001-"],
    ["SELECT list_transform([id], lambda x: 'n' || x || id)[1] AS v FROM orders WHERE id = 7", [], "n77"],
    ["SELECT len(list_resize([1], 3, 0))::INT AS v", [], 3],
    ["WITH a AS NOT MATERIALIZED (SELECT 1 AS v) SELECT v FROM a", [], 1],
  ]
  const wrong: string[] = []
  for (const [sql, values, expected] of rows) {
    const answer = await client.query(sql, values).then(
      ({ rows: [row] }) => row.v as unknown,
      (error: unknown) => String(error),
    )
    if (answer !== expected) wrong.push(`${sql}: ${String(answer)}`)
  }
  assert.deepEqual(wrong, [])
})
