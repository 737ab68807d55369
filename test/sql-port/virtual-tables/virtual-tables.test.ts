/** Virtual tables: rows made for whoever asks, at the moment of the statement. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type pg from "pg"
import { Fault } from "../../../src/domain/faults.ts"
import { type SystemViewReader, systemViewTables } from "../../../src/query/system-views/system-views.ts"
import type { Cell, VirtualTable } from "../../../src/query/virtual-table.ts"
import { PgError } from "../../../src/wire/pgwire/pg-error.ts"
import { testWarehouse } from "../warehouse.ts"
import { type Asked, heldFirst, made, notes } from "./note-table.ts"
import { factsOfTwo } from "./system-view-facts.ts"

const forAdministrators: VirtualTable = {
  name: "secrets",
  schema: "pg_catalog",
  readableBy: "administrators",
  columns: [{ name: "word", type: "text" }],
  rows: async () => [["sesame"]],
}

const failing: VirtualTable = {
  name: "failing",
  schema: "pg_catalog",
  readableBy: "everyone",
  columns: [{ name: "kind", type: "text" }],
  rows: async (_caller, filter) => {
    if (filter.valuesOf("kind")?.has("fault")) throw new Fault("unavailable", "not now")
    throw new PgError("22023", "not like this")
  },
}

async function column(client: pg.Client, sql: string, values: unknown[] = []): Promise<Cell[]> {
  return (await client.query({ text: sql, values, rowMode: "array" })).rows.map(([first]) => first)
}

async function code(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: pg.DatabaseError) => error.code,
  )
}

const numbers = "SELECT number FROM my_notes ORDER BY number"

/** Each view of COPY, and a query that tells whose its rows are. */
const copyViews: [string, string][] = [
  ["sys_load_error_detail", "SELECT file_name AS one FROM sys_load_error_detail ORDER BY 1"],
  ["stl_load_errors", "SELECT filename AS one FROM stl_load_errors ORDER BY 1"],
  ["sys_load_history", "SELECT 'job of ' || table_name AS one FROM sys_load_history ORDER BY 1"],
  ["sys_copy_job", "SELECT job_name AS one FROM sys_copy_job ORDER BY 1"],
  ["sys_copy_job_detail", "SELECT job_name AS one FROM sys_copy_job_detail ORDER BY 1"],
  ["sys_copy_job_info", "SELECT job_name AS one FROM sys_copy_job_info ORDER BY 1"],
  ["svv_copy_job_integrations", "SELECT job_name AS one FROM svv_copy_job_integrations ORDER BY 1"],
]

/** A query, and the one value in its result. */
const withQueries: [string, Cell][] = [
  ["WITH my_notes AS (SELECT 7::BIGINT AS number) SELECT number FROM my_notes", "7"],
  ["WITH MY_NOTES AS (SELECT 7::BIGINT AS number) SELECT number FROM (SELECT * FROM my_notes) s", "7"],
  ["WITH my_notes AS (SELECT * FROM my_notes WHERE done) SELECT number FROM my_notes", "2"],
  ["WITH my_notes AS (SELECT 7 AS number) SELECT count(*) FROM pg_catalog.my_notes", "2"],
  ["SELECT (WITH my_notes AS (SELECT 7::BIGINT AS n) SELECT n FROM my_notes) FROM my_notes LIMIT 1", "7"],
  ["WITH a AS (SELECT * FROM my_notes), my_notes AS (SELECT 7) SELECT count(*) FROM a, my_notes", "2"],
  [
    `WITH RECURSIVE my_notes AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM my_notes WHERE n < 3)
       SELECT max(n)::BIGINT FROM my_notes`,
    "3",
  ],
]

/** A query, its parameters, its rows, and what reaches the table. */
const conditions: [string, unknown[], Cell[], Asked["wanted"][]][] = [
  ["SELECT number FROM my_notes WHERE number = 1", [], ["1"], [{ number: [1n] }]],
  [
    "SELECT number FROM my_notes n WHERE 1 = n.number AND body = 'one'",
    [],
    ["1"],
    [{ number: [1n], body: ["one"] }],
  ],
  ["SELECT number FROM my_notes WHERE number IN (2, 1, NULL) AND number = 2", [], ["2"], [{ number: [2n] }]],
  ["SELECT number FROM my_notes WHERE number = $1", ["2"], ["2"], [{ number: [2n] }]],
  ["SELECT number FROM my_notes WHERE body IN ($1, $2)", ["one", null], ["1"], [{ body: ["one"] }]],
  ["SELECT number FROM my_notes WHERE owner = 'loader'::text", [], [], [{ owner: ["loader"] }]],
  ["SELECT number FROM my_notes WHERE number = NULL", [], [], [{ number: [] }]],
  ["SELECT number FROM my_notes WHERE number = 1 OR number = 2", [], ["1", "2"], [{}]],
  ["SELECT number FROM my_notes WHERE NOT (number = 1)", [], ["2"], [{}]],
  ["SELECT number FROM my_notes WHERE number > 1", [], ["2"], [{}]],
  ["SELECT number FROM my_notes WHERE lower(body) = 'one'", [], ["1"], [{}]],
  [
    "SELECT a.number FROM my_notes a LEFT JOIN my_notes b ON b.number = 2 WHERE a.number = 1",
    [],
    ["1"],
    [{ number: [1n] }, {}],
  ],
  [
    "SELECT a.number FROM my_notes a LEFT JOIN my_notes b USING (number) WHERE b.number = 2",
    [],
    ["2"],
    [{}, { number: [2n] }],
  ],
  ["SELECT x FROM my_notes AS n(number, x) WHERE number = 'analyst'", [], ["1", "2"], [{}]],
  ["SELECT number FROM (SELECT number, done AS body FROM my_notes) s WHERE body = true", [], ["2"], [{}]],
  ["SELECT number FROM my_notes WHERE number NOT IN (1)", [], ["2"], [{}]],
]

test("virtual tables", async (t) => {
  const table = notes()
  const databasesOfTest = ["bank", "crm", "shop"]
  const wanted: string[][] = []
  const reader: SystemViewReader = async (_kinds, wants) => {
    wanted.push(databasesOfTest.filter(wants))
    return factsOfTwo()
  }
  const { client } = await testWarehouse(t, {
    virtualTables: [table, forAdministrators, failing, ...systemViewTables(reader)],
  })

  await t.test(
    "two users who ask at once see each their own rows, wherever the table stands in a statement",
    async () => {
      table.held = heldFirst()
      const own: [pg.Client, string[]][] = [
        [await client("analyst", "shop"), ["1", "2"]],
        [await client("loader", "dev"), ["9223372036854775807"]],
        [await client("admin", "shop"), ["1", "2", "9223372036854775807"]],
      ]
      const statements = [
        numbers,
        "SELECT n.number FROM pg_catalog.MY_NOTES n ORDER BY 1",
        "SELECT my_notes.number FROM my_notes WHERE my_notes.owner IS NOT NULL ORDER BY 1",
        "WITH w AS (SELECT * FROM my_notes), unused AS (SELECT * FROM my_notes) SELECT number FROM w ORDER BY 1",
        "SELECT a.number FROM my_notes a JOIN my_notes b USING (number) ORDER BY 1",
        "SELECT a.number FROM my_notes a LEFT JOIN my_notes b ON a.number = b.number AND b.done ORDER BY 1",
        "SELECT number FROM (SELECT number, row_number() OVER () FROM my_notes) s ORDER BY 1",
        "SELECT number FROM my_notes WHERE number IN (SELECT number FROM my_notes) ORDER BY 1",
        "SELECT number FROM my_notes a WHERE EXISTS (SELECT 1 FROM my_notes b WHERE b.number = a.number) ORDER BY 1",
        "SELECT (SELECT max(b.number) FROM my_notes b WHERE b.number = a.number) FROM my_notes a ORDER BY 1",
        "SELECT number FROM my_notes UNION SELECT number FROM my_notes ORDER BY 1",
        "SELECT q.number FROM my_notes a, LATERAL (SELECT b.number FROM my_notes b WHERE b.number = a.number) q ORDER BY 1",
        "SELECT renamed FROM my_notes AS n(owner, renamed) ORDER BY 1",
        `WITH RECURSIVE r AS (SELECT number, 1 AS deep FROM my_notes UNION ALL
       SELECT r.number, deep + 1 FROM r JOIN my_notes n ON n.number = r.number WHERE deep < 2)
     SELECT number FROM r WHERE deep = 2 ORDER BY 1`,
      ]
      for (const sql of statements) {
        const answers = await Promise.all(own.flatMap(([one]) => [column(one, sql), column(one, sql)]))
        const expected = own.flatMap(([, rows]) => [rows, rows])
        assert.deepEqual(answers, expected, sql)
      }
    },
  )

  await t.test(
    "a statement shows what is when it begins: prepared, inside a transaction, by a cursor",
    async () => {
      table.held = heldFirst()
      const [analyst, loader] = [await client("analyst", "shop"), await client("loader", "dev")]
      const prepared = (one: pg.Client, number: string) =>
        one.query({
          name: "of number",
          text: "SELECT body FROM my_notes WHERE number = $1",
          values: [number],
        })
      assert.deepEqual((await prepared(analyst, "1")).rows, [{ body: "one" }])
      assert.deepEqual((await prepared(loader, "1")).rows, [])
      await analyst.query("BEGIN")
      assert.deepEqual(await column(analyst, numbers), ["1", "2"])
      await analyst.query("DECLARE early CURSOR FOR SELECT number FROM my_notes ORDER BY number")
      table.held.push(["analyst", 3n, "three", false, made])
      assert.deepEqual(
        await column(analyst, numbers),
        ["1", "2", "3"],
        "the next statement of the transaction",
      )
      assert.deepEqual(
        await column(analyst, "FETCH ALL FROM early"),
        ["1", "2"],
        "the cursor was opened before",
      )
      assert.deepEqual((await prepared(analyst, "3")).rows, [{ body: "three" }])
      assert.deepEqual(await column(loader, numbers), ["9223372036854775807"])
      await analyst.query("ROLLBACK")
      assert.deepEqual((await prepared(analyst, "3")).rows, [{ body: "three" }])
      await analyst.query("BEGIN READ ONLY")
      assert.equal(await code(analyst.query("SELECT 1/0 FROM no_such_table")), "42P01")
      assert.equal(await code(analyst.query(numbers)), "25P02")
      await analyst.query("ROLLBACK")
      assert.deepEqual(await column(analyst, numbers), ["1", "2", "3"])
    },
  )

  await t.test("a WITH query of a table's name hides it, in its scope only", async () => {
    table.held = heldFirst()
    const [analyst, admin] = [await client("analyst", "shop"), await client("admin", "shop")]
    for (const [sql, expected] of withQueries) assert.deepEqual(await column(analyst, sql), [expected], sql)
    assert.equal((await admin.query("SUMMARIZE my_notes")).rows.length, 5)
  })

  await t.test("values come through exactly, described as the columns are", async () => {
    table.held = heldFirst()
    const admin = await client("admin", "dev")
    const { rows, fields } = await admin.query("SELECT * FROM my_notes ORDER BY number DESC")
    assert.deepEqual(
      fields.map(({ name, dataTypeID, dataTypeModifier }) => [name, dataTypeID, dataTypeModifier]),
      [
        ["owner", 25, -1],
        ["number", 20, -1],
        ["body", 1042, 12],
        ["done", 16, -1],
        ["made", 1114, -1],
      ],
    )
    assert.deepEqual(
      rows.map(({ number, body, done }) => [number, body, done]),
      [
        ["9223372036854775807", `it's "so`, false],
        ["2", null, true],
        ["1", "one", false],
      ],
    )
    assert.deepEqual(await column(admin, "SELECT made::text FROM my_notes LIMIT 1"), [
      "2024-01-02 03:04:05.678",
    ])
  })

  await t.test(
    "EXPLAIN, DESCRIBE and COPY … TO STDOUT take virtual tables; writing elsewhere what they show does, too",
    async () => {
      table.held = heldFirst()
      const admin = await client("admin", "dev")
      const plan = (await column(admin, "EXPLAIN ANALYZE SELECT * FROM my_notes WHERE number = 1")).join("\n")
      assert.match(plan, /UNNEST/)
      assert.deepEqual(table.asked.at(-1), { user: "admin", wanted: { number: [1n] } })
      assert.deepEqual(await column(admin, "DESCRIBE my_notes"), ["owner", "number", "body", "done", "made"])
      const copied = await admin.query("COPY (SELECT number FROM my_notes WHERE owner = 'analyst') TO STDOUT")
      assert.deepEqual([copied.command, copied.rowCount], ["COPY", 2])
      await admin.query("CREATE SCHEMA public")
      await admin.query("CREATE USER clerk PASSWORD 'Clerk2024'")
      await admin.query(
        "GRANT CREATE, USAGE ON DATABASE dev TO clerk; GRANT CREATE ON SCHEMA public TO clerk",
      )
      table.held.push(["clerk", 7n, "mine", false, made])
      const clerk = await client("clerk", "dev", { password: "Clerk2024" })
      await clerk.query("CREATE TABLE public.kept AS SELECT number, body FROM my_notes")
      assert.deepEqual(await column(admin, "SELECT number FROM public.kept"), ["7"])
    },
  )

  await t.test(
    "equality and IN reach the table, by constants and by parameters; nothing else does",
    async () => {
      table.held = heldFirst()
      const analyst = await client("analyst", "shop")
      const wantedBy = async (sql: string, values: unknown[] = []) => {
        table.asked.length = 0
        const rows = await column(analyst, sql, values)
        return { rows, wanted: table.asked.map(({ wanted }) => wanted) }
      }
      for (const [sql, values, rows, wanted] of conditions) {
        const found = await wantedBy(sql, values)
        assert.deepEqual(found.rows.toSorted(), rows.toSorted(), sql)
        const byText = (all: Asked["wanted"][]) =>
          all
            .map((one) =>
              Object.entries(one)
                .map(([name, list]) => `${name}: ${list}`)
                .sort()
                .join(),
            )
            .sort()
        assert.deepEqual(byText(found.wanted), byText(wanted), sql)
      }
    },
  )

  await t.test(
    "only those may read who may when the statement runs; errors carry the table's own code",
    async () => {
      table.held = heldFirst()
      const [admin, analyst] = [await client("admin", "dev"), await client("analyst", "shop")]
      assert.deepEqual(await column(admin, "SELECT word FROM secrets"), ["sesame"])
      for (const name of ["secrets", "pg_catalog.secrets", "memory.pgsys.secrets", "memory.pgsys.my_notes"])
        assert.equal(await code(analyst.query(`SELECT * FROM ${name}`)), "42501", name)
      await admin.query("CREATE USER deputy PASSWORD 'Deputy2024' CREATEUSER")
      const deputy = await client("deputy", "dev", { password: "Deputy2024" })
      const prepared = () => deputy.query({ name: "word", text: "SELECT word FROM secrets" })
      assert.deepEqual((await prepared()).rows, [{ word: "sesame" }])
      await admin.query("ALTER USER deputy NOCREATEUSER")
      assert.equal(await code(prepared()), "42501")
      assert.equal(await code(analyst.query("SELECT * FROM failing WHERE kind = 'fault'")), "57P03")
      assert.equal(await code(analyst.query("SELECT * FROM failing")), "22023")
      assert.equal(await code(analyst.query("SELECT body::INTEGER FROM my_notes")), "22P02")
      assert.equal(await code(admin.query("SELECT * FROM memory.pgsys.nothing")), "42P01")
      assert.equal(await code(analyst.query("SELECT * FROM crm.pg_catalog.my_notes")), "0A000")
      assert.deepEqual(await column(admin, "SELECT count(*) FROM pg_class WHERE relname = 'my_notes'"), ["0"])
    },
  )

  await t.test(
    "system views: administrators see all, others their own jobs and loads, at the same moment",
    async () => {
      const [admin, analyst, loader] = [
        await client("admin", "dev"),
        await client("analyst", "dev"),
        await client("loader", "dev"),
      ]
      for (const [name, sql] of copyViews) {
        const seen = await Promise.all([admin, analyst, loader].map((one) => column(one, sql)))
        const of = (...users: string[]) =>
          users.map((user) => (/error/.test(name) ? `s3://b/${user}` : `job of ${user}`))
        assert.deepEqual(seen, [of("analyst", "loader"), of("analyst"), of("loader")], name)
      }
      assert.deepEqual(await column(admin, "SELECT count(*) FROM svv_integration"), ["1"])
      assert.equal(await code(loader.query("SELECT * FROM svv_integration")), "42501")
      wanted.length = 0
      await admin.query("SELECT * FROM svv_integration_table_state WHERE target_database IN ('bank', 'crm')")
      await admin.query("SELECT * FROM svv_integration_table_state")
      assert.deepEqual(wanted, [["bank", "crm"], databasesOfTest], "what nobody asks for is not counted")
      assert.equal(await code(admin.query("SELECT * FROM memory.pgsys.sys_copy_job_nothing")), "42P01")
    },
  )
})
