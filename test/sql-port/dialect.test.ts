import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { test } from "node:test"
import pg from "pg"
import { testWarehouse } from "./warehouse.ts"

interface Row {
  what: string
  example: string
  answer: string
}

/** The rows of the page's table under a heading. */
async function rowsUnder(heading: string): Promise<Row[]> {
  const page = await readFile(new URL("../../docs/sql/dialect.md", import.meta.url), "utf8")
  const section = page.split(/^## /m).find((one) => one.startsWith(heading)) ?? ""
  return [...section.matchAll(/^\| (.*) \| `(.*)` \| ?(.*?) ?\|$/gm)].map(
    ([, what = "", example = "", answer = ""]) => ({ what, example, answer }),
  )
}

async function answered(client: pg.Client, text: string): Promise<string> {
  const { rows } = await client.query<unknown[]>({ text, rowMode: "array" })
  const shown = (value: unknown) =>
    typeof value === "object" && value !== null ? JSON.stringify(value).replaceAll(":", ": ") : String(value)
  return (rows[0] ?? []).map(shown).join(", ")
}

test("what the page says is there, answers as the page says", async (t) => {
  const { client } = await testWarehouse(t)
  const admin = await client("admin", "dev")
  await admin.query("CREATE USER eve PASSWORD 'Sesame2024'")
  const eve = await client("eve", "dev", { password: "Sesame2024" })
  const rows = await rowsUnder("What is there")
  assert.ok(rows.length > 25, `only ${rows.length} rows were found`)
  for (const { what, example, answer } of rows) {
    for (const user of [admin, eve]) {
      const said = await answered(user, example).catch((error: Error) => `error: ${error.message}`)
      assert.equal(said.replaceAll(" ", ""), answer.replaceAll(" ", ""), `${what}: ${example}`)
    }
  }
})

test("what the page says is not there, is refused", async (t) => {
  const { client } = await testWarehouse(t)
  const admin = await client("admin", "dev")
  const rows = await rowsUnder("What is not there")
  assert.ok(rows.length > 5, `only ${rows.length} rows were found`)
  for (const { example } of rows) {
    await assert.rejects(
      admin.query(example),
      (error: unknown) => error instanceof pg.DatabaseError && error.code !== "XX000",
      example,
    )
  }
})

test("words inside strings, names and comments are nobody's dialect", async (t) => {
  const { client } = await testWarehouse(t)
  const admin = await client("admin", "dev")
  for (const [sql, answer] of [
    ["SELECT 'select top 5 minus getdate() ::super'", "select top 5 minus getdate() ::super"],
    ['SELECT "top" FROM (SELECT 1 AS "top") t', "1"],
    ["SELECT t.sysdate FROM (SELECT 2 AS sysdate) t", "2"],
    ["SELECT 1 /* TOP 3 minus select */ AS minus", "1"],
    ["SELECT minus FROM (SELECT 3 AS minus) t", "3"],
    ["SELECT $$nvl(1)$$", "nvl(1)"],
    ["WITH nvl(a) AS (SELECT 4) SELECT a FROM nvl", "4"],
    ["SELECT x::varchar FROM (SELECT 5 AS x) t", "5"],
    ["SELECT t.x::varchar FROM (SELECT timestamp '2024-01-01 00:00:00' AS x) t", "2024-01-01 00:00:00"],
    ["SELECT nvl(nvl(NULL, NULL), nvl2(1, decode(1, 1, 'deep'), 'x'))", "deep"],
    [
      "SELECT listagg(nvl(x, 'n'), ',') WITHIN GROUP (ORDER BY nvl(x, 'z')) FROM (VALUES (NULL), ('a')) t(x)",
      "a,n",
    ],
  ] as const) {
    assert.equal(await answered(admin, sql), answer, sql)
  }
})

test("the dialect works inside writes and views, and storage clauses are noticed", async (t) => {
  const { client } = await testWarehouse(t)
  const admin = await client("admin", "dev")
  const notices: string[] = []
  admin.on("notice", (notice) => notices.push(notice.message ?? ""))
  await admin.query(
    `CREATE TABLE sales (id INTEGER NOT NULL ENCODE az64 DISTKEY, name VARCHAR(max) ENCODE zstd, detail SUPER, sortkey INTEGER)
     DISTSTYLE KEY COMPOUND SORTKEY (id, name) BACKUP NO`,
  )
  assert.equal(notices.length, 1)
  assert.match(notices[0] ?? "", /^BACKUP, DISTKEY, DISTSTYLE, ENCODE, SORTKEY: ignored/)
  await admin.query(
    "CREATE TABLE byday DISTSTYLE ALL SORTKEY AUTO AS SELECT TOP 1 dateadd(day, 1, '2024-01-01') AS d",
  )
  await admin.query(
    `INSERT INTO sales SELECT 1, nvl(NULL, 'n'), json_parse('{"a":{"S":"v"}}'), strtol('a', 16)`,
  )
  await admin.query("CREATE VIEW shown AS SELECT id, sales.detail.a.S::varchar AS s, sortkey FROM sales")
  assert.deepEqual((await admin.query("SELECT * FROM shown")).rows, [{ id: 1, s: "v", sortkey: 10 }])
  assert.deepEqual((await admin.query("SELECT d::date::varchar AS d FROM byday")).rows, [{ d: "2024-01-02" }])
  const named = await admin.query("SELECT detail.a.S::varchar, nvl(NULL, 1) FROM sales")
  assert.deepEqual(
    named.fields.map(({ name }) => name),
    ["S", "coalesce"],
  )
})
