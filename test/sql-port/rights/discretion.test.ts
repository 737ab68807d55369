import assert from "node:assert/strict"
import { test } from "node:test"
import type pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { canary, vault } from "../vault.ts"
import { testWarehouse } from "../warehouse.ts"

const one = [{ a: 1 }]

test("functions that hide the engine's run in nobody's statement but an administrator's, who can remove them", async (t) => {
  const { client: connect, instance } = await testWarehouse(t)
  const admin = await connect("admin", "dev")
  await admin.query("CREATE USER eve PASSWORD 'Sesame2024'")
  const users = [
    await connect("eve", "dev", { password: "Sesame2024" }),
    await connect("analyst", "dev"),
    await connect("loader", "dev"),
  ]
  await assert.rejects(admin.query("CREATE TYPE json AS ENUM ('x')"), { code: "42710" })
  await assert.rejects(admin.query("CREATE TYPE dev.main.\"JSON\" AS ENUM ('x')"), { code: "42710" })
  const made: [string, string][] = [
    ["TYPE dev.main.json AS ENUM ('x')", "TYPE json"],
    ["MACRO dev.main.abs(x) AS (SELECT max(integration) FROM shop.millrace.progress)", "FUNCTION abs"],
    ['MACRO dev.main."+"(x, y) AS 42', 'FUNCTION "+"'],
    ["MACRO dev.main.list_contains(x, y) AS true", "MACRO IF EXISTS list_contains"],
    ["MACRO dev.main.range(x) AS TABLE SELECT 42", "MACRO TABLE range"],
  ]
  const engine = await instance.connect()
  t.after(() => engine.closeSync())
  for (const [macro, drop] of made) {
    await engine.run(`CREATE ${macro}`)
    for (const client of users) {
      await waitUntil(
        () =>
          client.query("SELECT 1 AS a").then(
            () => false,
            (error: pg.DatabaseError) =>
              error.code === "42501" && /hides the engine's own/.test(error.message),
          ),
        { what: `${macro} to be seen` },
      )
      await assert.rejects(client.query("SHOW TABLES"), { code: "42501" })
    }
    // In other databases nothing of it is in the way.
    const elsewhere = await connect("analyst", "shop")
    assert.deepEqual((await elsewhere.query("SELECT abs(-1) AS a")).rows, one)
    await elsewhere.end()
    await admin.query(`DROP ${drop}`)
    for (const client of users) {
      await waitUntil(() => client.query("SELECT 1 AS a"), { what: "the database to be open again" })
    }
  }
})

const guesses = [
  "SELECT * FROM vaul",
  "SELECT * FROM public.vaul",
  "SELECT * FROM shop.public.vaul",
  "SELECT * FROM shop.publi.vault",
  "SELECT * FROM sho.public.vault",
  "SELECT 'x'::canary_typ",
  "SELECT 'x'::shop.canary_schem.canary_type",
  "SELECT canary_macr(1)",
  "SELECT nextval('canary_sequenc')",
  "DROP TABLE vaul",
  "TRUNCATE vaul",
  "DELETE FROM vaul",
  "INSERT INTO vaul VALUES (1)",
  "INSERT INTO dev.main.dropbox (canary_x) VALUES (1)",
  "INSERT INTO dev.main.dropbox (x) VALUES (1)",
  "CREATE TABLE canary_schem.t (a INTEGER)",
  "CREATE TABLE sho.public.t (a INTEGER)",
  "SELECT 'x' COLLATE canar",
  "SELECT canary_colum FROM orders",
  "SELECT vault.x FROM orders",
  "SET search_path = canary_schem",
  "DESCRIBE vaul",
  "COPY vaul TO STDOUT",
]

const labels = [
  "SELECT 5::TYPE",
  "SELECT 'x'::TYPE",
  "SELECT typeof(NULL::TYPE)",
  "SELECT enum_range(NULL::TYPE)",
  "SELECT enum_first(NULL::TYPE), enum_last(NULL::TYPE)",
  "SELECT enum_range_boundary(NULL::TYPE, NULL)",
  "SELECT TRY_CAST('x' AS TYPE)",
  "SELECT typeof([]::TYPE[])",
  "SELECT typeof(NULL::STRUCT(a TYPE))",
  "SELECT typeof(NULL::MAP(VARCHAR, TYPE))",
  "SELECT unnest(enum_range(NULL::TYPE))",
  "SELECT unnest(NULL::TYPE)",
  "SELECT (SELECT enum_range(NULL::TYPE))",
  "WITH x AS (SELECT enum_range(NULL::TYPE) AS l) FROM x",
  "SELECT list_transform([1], lambda x: enum_range(NULL::TYPE))",
  "SELECT * FROM (VALUES (enum_range(NULL::TYPE)))",
  "DESCRIBE SELECT NULL::TYPE",
  "SUMMARIZE SELECT NULL::TYPE",
  "CREATE TABLE dev.main.stolen AS SELECT NULL::TYPE AS a",
  "CREATE TABLE dev.main.stolen (a TYPE)",
  "INSERT INTO dev.main.dropbox (b) SELECT typeof(NULL::TYPE)",
  "SELECT typeof(from_json('\"x\"', '\"TYPE\"'))",
  "SELECT typeof(from_json_strict('\"x\"', '\"TYPE\"'))",
  'SELECT typeof(json_transform(\'{"a":1}\', \'{"a":"TYPE"}\'))',
  "SELECT typeof(json_transform('[]', '[\"' || 'TYPE' || '\"]'))",
  "SELECT typeof(json_transform('[]', s)) FROM (VALUES ('[\"TYPE\"]')) v(s)",
  "SELECT typeof(json_transform('[]', '[\"\\u0063anary_type\"]'))",
  "EXPLAIN SELECT NULL::TYPE",
]

test("nothing that is hidden is told by a hint, and no label of a type by its name", async (t) => {
  const { attackers, attempt, admin, instance } = await vault(t)
  const engine = await instance.connect()
  t.after(() => engine.closeSync())
  await engine.run(
    `
    CREATE SCHEMA shop.${canary}_schema; CREATE SCHEMA dev.${canary}_schema;
    CREATE TYPE shop.main.canary_type AS ENUM ('gold', 'silver');
    CREATE TYPE shop.public.canary_type AS ENUM ('gold', 'silver');
    CREATE TYPE shop.${canary}_schema.canary_type AS ENUM ('gold', 'silver');
    CREATE TYPE dev.${canary}_schema.canary_type AS ENUM ('gold', 'silver');
    CREATE SEQUENCE shop.public.canary_sequence; CREATE MACRO shop.public.canary_macro(x) AS x;
    CREATE TABLE dev.main.coins (a shop.public.canary_type, n INTEGER PRIMARY KEY CHECK (n <> 4711));
    INSERT INTO dev.main.coins VALUES ('gold', 815)`.replace(
      "CREATE TABLE dev.main.coins (a shop.public.canary_type",
      "CREATE TABLE dev.main.coins (a VARCHAR",
    ),
  )
  for (const { name, client } of attackers) {
    for (const sql of guesses) {
      const said = await attempt(client, sql)
      // What the statement says itself tells nothing.
      const own = new Set(sql.match(/canary\w*/g))
      const told = said.replaceAll(/canary\w*/g, (word) => (own.has(word) ? "" : word))
      assert.ok(!told.includes(canary) && !/did you mean/i.test(said), `${name}: ${sql}\n${said}`)
    }
    // Who may read a table of a schema may know its types: the reader those of shop.public, the loader all of dev.
    const closed = ["shop.main.canary_type", `shop.${canary}_schema.canary_type`, "canary_type"]
    if (name === "nobody") closed.push("shop.public.canary_type", `dev.${canary}_schema.canary_type`)
    for (const template of labels) {
      for (const type of name === "loader" ? closed.slice(0, 2) : closed) {
        const said = await attempt(client, template.replaceAll("TYPE", type))
        assert.ok(!/gold|silver/.test(said), `${name}: ${template} ${type}\n${said}`)
      }
    }
  }
  await admin.query(
    "GRANT INSERT ON TABLE dev.main.coins TO nobody; GRANT DELETE ON TABLE dev.main.coins TO nobody",
  )
  const nobody = attackers.find(({ name }) => name === "nobody")?.client
  assert.ok(nobody)
  assert.ok(!(await attempt(nobody, "INSERT INTO dev.main.coins VALUES ('x', 4711)")).includes("<>"))
  assert.ok(!(await attempt(nobody, "INSERT INTO dev.main.coins SELECT 'x', 800 + 15")).includes("815"))
  assert.deepEqual((await admin.query("SELECT typeof(NULL::shop.public.canary_type) AS a")).rows, [
    { a: "ENUM('gold', 'silver')" },
  ])
})

const peeks = [
  "SELECT secret::INTEGER FROM peephole",
  "SELECT * FROM peephole WHERE secret::INTEGER = 5",
  "SELECT * FROM peephole WHERE error(secret) IS NULL",
  "SELECT CASE WHEN error(secret) IS NULL THEN 1 END FROM peephole",
  "SELECT * FROM peephole WHERE secret::DATE > '2020-01-01'",
  "SELECT * FROM peephole WHERE secret::TIMESTAMP IS NULL",
  "SELECT * FROM peephole WHERE secret::UUID IS NULL",
  "SELECT * FROM peephole WHERE secret::DECIMAL(3, 1) > 1",
  "SELECT * FROM peephole WHERE secret::BLOB::VARCHAR::INTERVAL IS NULL",
  "SELECT * FROM peephole WHERE secret::INTEGER[] IS NULL",
  "SELECT * FROM peephole WHERE ('{\"a\":' || secret || '}')::JSON IS NULL",
  "SELECT * FROM peephole WHERE strptime(secret, '%Y') IS NULL",
  "SELECT * FROM peephole WHERE regexp_matches('x', secret || '(')",
  "SELECT * FROM peephole a JOIN peephole b ON a.secret::INTEGER = b.secret::INTEGER",
  "SELECT max(secret::INTEGER) FROM peephole",
  "WITH x AS MATERIALIZED (FROM peephole) SELECT secret::INTEGER FROM x",
  "SELECT * FROM (FROM peephole OFFSET 0) WHERE secret::INTEGER = 1",
  "SELECT timezone(secret, now()) FROM peephole",
  "SELECT now() AT TIME ZONE secret FROM peephole",
  "SELECT list_reduce([]::INT[], lambda x, y: x) FROM peephole WHERE timezone(secret, now()) IS NULL",
  "SELECT (SELECT max(secret::INTEGER) FROM peephole)",
  "INSERT INTO dev.main.dropbox (a) SELECT secret::INTEGER FROM peephole",
  "EXPLAIN ANALYZE SELECT secret::INTEGER FROM peephole",
  "COPY (SELECT secret::INTEGER FROM peephole) TO STDOUT",
  "DECLARE c CURSOR WITH HOLD FOR SELECT secret::INTEGER FROM peephole; FETCH ALL FROM c",
]

test("no error tells of a row that a view hides", async (t) => {
  const { attackers, attempt, admin, instance } = await vault(t)
  const engine = await instance.connect()
  t.after(() => engine.closeSync())
  await engine.run(`
    CREATE VIEW shop.public.peephole AS SELECT id, secret FROM shop.public.vault WHERE id NOT IN (SELECT 1)
      AND secret <> '${canary} two' AND secret <> '${canary} three'`)
  await admin.query(
    "GRANT SELECT ON public.peephole TO reader; GRANT INSERT ON TABLE dev.main.dropbox TO reader",
  )
  const reader = attackers.find(({ name }) => name === "reader")?.client
  assert.ok(reader)
  for (const sql of peeks) {
    const said = await attempt(reader, sql)
    assert.ok(!said.includes(canary), `${sql}\n${said}`)
  }
  // Of what is theirs to read they are told.
  assert.match(await attempt(reader, "SELECT (customer_id || 'x')::INTEGER FROM orders"), /'\d+x'/)
})

test("a prepared statement whose table has become a view tells no more than one prepared now", async (t) => {
  const { attackers, attempt, admin, client: connect } = await vault(t)
  const reader = attackers.find(({ name }) => name === "reader")?.client
  assert.ok(reader)
  const owner = await connect("admin", "dev")
  await owner.query(
    "CREATE TABLE main.flip (id INTEGER, secret VARCHAR); INSERT INTO main.flip VALUES (1, '1')",
  )
  await admin.query("GRANT USAGE ON SCHEMA dev.main TO reader; GRANT SELECT ON dev.main.flip TO reader")
  const prepared = { name: "max", text: "SELECT max(secret::INTEGER) AS a FROM dev.main.flip" }
  const explained = { name: "plan", text: "EXPLAIN SELECT max(secret::INTEGER) AS a FROM dev.main.flip" }
  assert.deepEqual((await reader.query(prepared)).rows, one)
  await reader.query(explained)
  await owner.query("DROP TABLE main.flip")
  await owner.query(
    "CREATE VIEW main.flip AS SELECT id, secret FROM shop.public.vault WHERE id NOT IN (SELECT 1)",
  )
  await assert.rejects(reader.query(prepared), (error: pg.DatabaseError) => {
    assert.ok(!error.message.includes(canary), error.message)
    return error.code === "22P02"
  })
  await assert.rejects(reader.query(explained), { code: "42501" })
  assert.ok(!(await attempt(reader, prepared.text)).includes(canary))
})
