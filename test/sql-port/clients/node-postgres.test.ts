import assert from "node:assert/strict"
import { once } from "node:events"
import { connect as connectTo } from "node:net"
import { test } from "node:test"
import pg from "pg"
import Cursor from "pg-cursor"
import { password, testWarehouse } from "../warehouse.ts"

const code = (expected: string) => (error: unknown) =>
  error instanceof pg.DatabaseError && error.code === expected

test("reads tables by their bare names, and across databases", async (t) => {
  const client = await (await testWarehouse(t)).client("analyst", "shop")
  const bare = await client.query("SELECT count(*) FROM orders")
  assert.deepEqual(bare.rows, [{ count: "1000" }])
  const joined = await client.query(
    "SELECT c.name, sum(o.amount) AS total FROM shop.public.orders o JOIN crm.public.customers c ON c.id = o.customer_id GROUP BY 1 ORDER BY 1 LIMIT 1",
  )
  assert.deepEqual(joined.rows, [{ name: "customer 0", total: "12375.00" }])
  const odd = await client.query('SELECT count("sp ace") AS "Zahl ü" FROM "Größe ""x"""')
  assert.deepEqual(odd.rows, [{ "Zahl ü": "0" }])
})

test("parameters of the common types come back as they went in", async (t) => {
  const client = await (await testWarehouse(t)).client("analyst", "shop")
  const at = new Date("2024-02-29T12:34:56.789Z")
  const result = await client.query({
    name: "every type",
    rowMode: "array",
    text: `SELECT $1::int, $2::bigint, $3::numeric(12,3), $4::text, $5::boolean, $6::timestamptz, $7::bytea, $8::uuid,
      $9::double precision, $10::date::varchar, $11::json, $12::int[], $13::text`,
    values: [
      -7,
      "9007199254740993",
      "12.345",
      "O'Neil \u{1f600} \\ \n",
      true,
      at,
      Buffer.from([0, 255, 92]),
      "8b5a2b1e-0000-4000-8000-1234567890ab",
      1.5e300,
      "2024-02-29",
      { a: [1, "x"] },
      [1, 2, 3],
      null,
    ],
  })
  assert.deepEqual(result.rows, [
    [
      -7,
      "9007199254740993",
      "12.345",
      "O'Neil \u{1f600} \\ \n",
      true,
      at,
      Buffer.from([0, 255, 92]),
      "8b5a2b1e-0000-4000-8000-1234567890ab",
      1.5e300,
      "2024-02-29",
      { a: [1, "x"] },
      [1, 2, 3],
      null,
    ],
  ])
})

test("parameters whose type only the query tells", async (t) => {
  const client = await (await testWarehouse(t)).client("analyst", "shop")
  const by = async (where: string, ...values: unknown[]) =>
    (await client.query(`SELECT count(*)::int AS n FROM orders WHERE ${where}`, values)).rows[0].n
  assert.equal(await by("id = $1", 5), 1)
  assert.equal(await by("amount = $1", "1.25"), 1)
  assert.equal(await by("amount = $1", "1.251"), 0)
  assert.equal(await by("placed_at < $1", new Date("2024-01-02T03:04:07Z")), 2)
  assert.equal(await by("id = ANY($1)", [1, 2, 5000]), 2)
  assert.equal(await by("id IN ($2, $1)", 1, 3), 2)
  await assert.rejects(by("id = $1", "five"), code("22P02"))
})

test("a prepared statement runs again with other values", async (t) => {
  const client = await (await testWarehouse(t)).client("analyst", "shop")
  for (const id of [1, 2, 3]) {
    const result = await client.query({
      name: "one",
      text: "SELECT id FROM orders WHERE id = $1",
      values: [id],
    })
    assert.deepEqual(result.rows, [{ id: String(id) }])
  }
})

test("a failed transaction refuses everything until it ends", async (t) => {
  const client = await (await testWarehouse(t)).client("admin", "dev")
  await client.query("CREATE TABLE kept (n INTEGER)")
  await client.query("BEGIN")
  await client.query("INSERT INTO kept VALUES (1)")
  await assert.rejects(client.query("SELECT * FROM missing"), code("42P01"))
  await assert.rejects(client.query("SELECT 1"), code("25P02"))
  assert.equal((await client.query("COMMIT")).command, "ROLLBACK")
  assert.deepEqual((await client.query("SELECT * FROM kept")).rows, [])
})

test("statements of one simple query stand or fall together", async (t) => {
  const client = await (await testWarehouse(t)).client("admin", "dev")
  await client.query("CREATE TABLE many (n INTEGER)")
  await assert.rejects(
    client.query("INSERT INTO many VALUES (1); INSERT INTO many VALUES ('x'); SELECT 1"),
    code("22P02"),
  )
  assert.deepEqual((await client.query("SELECT * FROM many")).rows, [])
  const results = (await client.query(
    "INSERT INTO many VALUES (1), (2); SELECT n FROM many ORDER BY n",
  )) as unknown
  assert.deepEqual(
    (results as pg.QueryResult[]).map(({ command, rowCount }) => [command, rowCount]),
    [
      ["INSERT", 2],
      ["SELECT", 2],
    ],
  )
  const returned = await client.query("DELETE FROM many WHERE n = 1 RETURNING n")
  assert.deepEqual([returned.command, returned.rowCount, returned.rows], ["DELETE", 1, [{ n: 1 }]])
})

test("errors carry PostgreSQL's codes and places, and no paths", async (t) => {
  const { client: connect, folder } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  const cases: [string, string, number?][] = [
    ["SELECT * FROM nothing_here", "42P01", 15],
    ["SELECT nothing_here FROM orders", "42703", 8],
    ["SELEC 1", "42601", 1],
    ["SELECT 1 +", "42601"],
    ["SELECT 'abc", "42601", 8],
    ["SELECT 'x'::int", "22P02"],
    ["SELECT no_such_function(1)", "42883", 8],
    ["SELECT 9223372036854775807 + 1", "22003"],
    ["SHOW no_such_setting", "42704"],
  ]
  for (const [sql, sqlState, position] of cases) {
    await assert.rejects(client.query(sql), (error: unknown) => {
      assert.ok(error instanceof pg.DatabaseError)
      assert.equal(error.code, sqlState, sql)
      if (position !== undefined) assert.equal(Number(error.position), position, sql)
      assert.ok(!error.message.includes(folder), error.message)
      return true
    })
  }
  assert.deepEqual((await client.query("SELECT 1 AS fine")).rows, [{ fine: 1 }])
})

test("wrong password, unknown user, unknown database", async (t) => {
  const { client } = await testWarehouse(t)
  await assert.rejects(client("analyst", "shop", { password: "wrong" }), code("28P01"))
  await assert.rejects(client("nobody", "shop"), code("28P01"))
  await assert.rejects(client("analyst", "nowhere"), code("3D000"))
  await assert.rejects(client("analyst", "memory"), code("3D000"))
})

test("cursors read in pieces, and another statement in between does no harm", async (t) => {
  const client = await (await testWarehouse(t)).client("analyst", "shop")
  await client.query("BEGIN")
  const cursor = client.query(new Cursor("SELECT i FROM generate_series(1, 10000) s(i)"))
  assert.equal((await cursor.read(3)).length, 3)
  const rest = await cursor.read(20_000)
  assert.deepEqual([rest.length, rest[0].i, rest.at(-1).i], [9997, "4", "10000"])
  await cursor.close()
  await client.query("COMMIT")
  assert.deepEqual((await client.query("SELECT 1 AS after")).rows, [{ after: 1 }])
})

test("a running statement is cancelled, by request and by its time limit", async (t) => {
  const { client: connect, port } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  const long =
    "SELECT count(*) FROM generate_series(1, 100000000) a(x), generate_series(1, 100000) b(y) WHERE x % 7 = y % 5"
  await client.query("SET statement_timeout = '200ms'")
  await assert.rejects(client.query(long), code("57014"))
  await client.query("SET statement_timeout = 0")
  const running = assert.rejects(client.query(long), code("57014"))
  let isOver = false
  running.then(
    () => (isOver = true),
    () => (isOver = true),
  )
  // The first may come before the statement; one at a time, so that none is left for the statement after it.
  while (!isOver) await cancel(client, port.port)
  await running
  assert.deepEqual((await client.query("SELECT 1 AS alive")).rows, [{ alive: 1 }])
})

test("a request to cancel has been carried out when its connection is closed", async (t) => {
  const { client: connect, port } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  for (let i = 0; i < 25; i++) {
    const first = client.query("SELECT count(*) FROM range(1000000)").catch((error: unknown) => {
      assert.ok(code("57014")(error), String(error))
    })
    await Promise.all([cancel(client, port.port), first])
    assert.deepEqual((await client.query("SELECT 1 AS alive")).rows, [{ alive: 1 }])
  }
})

/** Returns when the server has closed the request's connection, which says that it has been carried out. */
async function cancel(client: pg.Client, port: number): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
  const request = Buffer.alloc(16)
  for (const [index, value] of [16, 80877102, processID, secretKey].entries())
    request.writeInt32BE(value, index * 4)
  const socket = connectTo(port, "127.0.0.1")
  const closed = once(socket, "close")
  // Read to its end, or the close would not be seen.
  socket.resume()
  socket.write(request)
  await closed
}

test("the usual settings are answered by the port", async (t) => {
  const client = await (await testWarehouse(t)).client("analyst", "shop", { application_name: "test" })
  const show = async (name: string) => Object.values((await client.query(`SHOW ${name}`)).rows[0])[0]
  assert.equal(await show("application_name"), "test")
  await client.query(
    "SET application_name TO 'other'; SET extra_float_digits = 3; SET client_encoding = 'UTF8'",
  )
  assert.equal(await show("application_name"), "other")
  await client.query("RESET application_name")
  assert.equal(await show("application_name"), "")
  assert.equal(await show("timezone"), "UTC")
  await assert.rejects(client.query("SET timezone TO 'Europe/Nowhere'"), code("22023"))
  await client.query("BEGIN; SET LOCAL statement_timeout = '5s'; COMMIT")
  assert.equal(await show("statement_timeout"), "0")
})

test("a hundred clients at once, through pools", async (t) => {
  const { port } = await testWarehouse(t)
  const config = { host: "127.0.0.1", port: port.port, user: "analyst", password, database: "shop", max: 100 }
  const pool = new pg.Pool(config)
  pool.on("error", () => assert.equal(pool.ending, true))
  try {
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_none, n) =>
        pool.query("SELECT $1::int + count(*)::int AS n FROM orders", [n]),
      ),
    )
    assert.deepEqual(
      answers.map(({ rows }) => rows[0].n),
      Array.from({ length: 300 }, (_none, n) => n + 1000),
    )
    assert.equal(port.connections(), 100)
  } finally {
    await pool.end()
  }
})

test("one client more than allowed is told so", async (t) => {
  const { client } = await testWarehouse(t, { limits: { connections: 2 } })
  await client("analyst", "shop")
  await client("analyst", "shop")
  await assert.rejects(client("analyst", "shop"), code("53300"))
})

test("values print as PostgreSQL prints them", async (t) => {
  const client = await (await testWarehouse(t)).client("analyst", "shop", {
    types: { getTypeParser: () => (text: string | Buffer) => String(text) },
  })
  const cases: [string, string][] = [
    ["TIMESTAMP 'infinity'", "infinity"],
    ["DATE '-infinity'", "-infinity"],
    ["DATE '0044-03-15 (BC)'", "0044-03-15 BC"],
    ["TIMESTAMPTZ '2024-01-02 05:04:05.6+02'", "2024-01-02 03:04:05.6+00"],
    ["TIMESTAMP_NS '2024-01-02 03:04:05.123456789'", "2024-01-02 03:04:05.123456"],
    ["TIME '12:00:01.5'", "12:00:01.5"],
    ["TIMETZ '12:00:00+02'", "12:00:00+02"],
    ["INTERVAL '1 year 2 days'", "1 year 2 days"],
    ["TRUE", "t"],
    ["0.1::FLOAT", "0.1"],
    ["1e20::DOUBLE", "1e+20"],
    ["170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"],
    ["(-0.05)::DECIMAL(5,2)", "-0.05"],
    ["'\\xAA\\x00'::BLOB", "\\xaa00"],
    ["UUID '8B5A2B1E-0000-4000-8000-1234567890AB'", "8b5a2b1e-0000-4000-8000-1234567890ab"],
    ["['a', 'b c', NULL]", '{a,"b c",NULL}'],
    ["[[1], [2, 3]]", "[[1],[2,3]]"],
    ["{'a': [1, NULL], 'b': 'x\"y'}", '{"a":[1,null],"b":"x\\"y"}'],
    ["MAP {'k': 1.50}", '{"k":1.50}'],
    ["JSON '{\"a\": 1.0}'", '{"a": 1.0}'],
    ["'0101'::BIT", "0101"],
  ]
  for (const [sql, expected] of cases) {
    const { rows } = await client.query(`SELECT ${sql} AS value`)
    assert.equal(rows[0].value, expected, sql)
  }
})

test("a column that is not there is told as PostgreSQL tells it, with those it may have been", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  await assert.rejects(client.query("SELECT amont FROM orders"), {
    code: "42703",
    message: 'column "amont" does not exist',
    hint: /"amount"/,
  })
})
