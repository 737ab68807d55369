import assert from "node:assert/strict"
import { test } from "node:test"
import { refusal } from "../e2e/waiting-integration.ts"
import { debianServer } from "../support/postgres.ts"
import { postgresBench, role, rows } from "./copy-bench.ts"
import { describeCopy } from "./copy-suite.ts"

describeCopy("postgres", (context) => postgresBench(context))

/** Each of its columns refuses something else: none of it is more than one row's. */
const refusing = `CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE TABLE t (i INTEGER PRIMARY KEY, v VARCHAR(3), n NUMERIC(4, 1) CHECK (n < 500), m mood, a INTEGER[], j JSONB, f REAL, d DATE)`

const refused: [string, string, string][] = [
  ["2|abcd|1|glad|{1}|1|1|2024-01-01", "v", "1204 String length exceeds DDL length"],
  ["3|abc|1234.5|glad|{1}|1|1|2024-01-01", "n", "1204 Overflow, Value '1234.5', Type: Decimal"],
  [
    "4|abc|600|glad|{1}|1|1|2024-01-01",
    "",
    '1200 new row for relation "t" violates check constraint "t_n_check"',
  ],
  ["5|abc|1|angry|{1}|1|1|2024-01-01", "m", "1200 Invalid value for type mood"],
  ["6|abc|1|sad|1,2|1|1|2024-01-01", "a", "1200 Invalid value for type _int4"],
  ["7|abc|1|sad|{1}|{x|1|2024-01-01", "j", "1200 Invalid JSON value for a SUPER column"],
  ["8|abc|1|sad|{1}|1|1e99|2024-01-01", "f", "1208 Invalid floating point value"],
  ["9|abc|1|sad|{1}|1|1|2023-02-29", "d", "1205 Invalid Date Format - value does not fit YYYY-MM-DD"],
  ["1|abc|1|sad|{1}|1|1|2024-01-01", "", '1200 duplicate key value violates unique constraint "t_pkey"'],
  ["0x1F|abc|1|sad|{1}|1|1|2024-01-01", "i", "1207 Invalid digit, Value 'x', Pos 1, Type: Integer"],
  [
    "11|a\0c|1|sad|{1}|1|1|2024-01-01",
    "v",
    "1220 String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: 00 (error 1)",
  ],
]

async function eachIsNamed(bench: Awaited<ReturnType<typeof postgresBench>>): Promise<void> {
  const { bucket, admin, there, at, errors } = bench
  await there.query(refusing)
  const lines = [
    '1|abc|499.99|glad|{1,2}|{"a":1}|1.5|2024-02-29',
    ...refused.map(([line]) => line),
    "12|é€𝄞|1|sad|{}|1|inf|2024-01-01",
  ]
  await bucket.put("f", `${lines.join("\n")}\n`)
  const copy = `COPY ${at("t")} FROM 's3://landing/f' ${role}`
  assert.equal((await refusal(admin.query(`${copy} MAXERROR ${refused.length - 1}`))).code, "22P04")
  assert.deepEqual(await rows(there, "SELECT count(*) FROM t"), [["0"]])
  const before = (await errors()).length
  assert.equal((await admin.query(`${copy} MAXERROR ${refused.length}`)).rowCount, 2)
  const told = (await errors())
    .slice(before)
    .map(({ line, column, code, reason }) => `${line} ${column} ${code} ${reason}`)
  const wanted = refused.map(([, column, reason], index) => `${index + 2} ${column} ${reason}`)
  assert.deepEqual(told.sort(), wanted.sort())
  assert.deepEqual(await rows(there, "SELECT i, v, n, a, j FROM t ORDER BY i"), [
    ["1", "abc", "499.9", "{1,2}", '{"a": 1}'],
    ["12", "é€𝄞", "1.0", "{}", "1"],
  ])
}

test("postgres: each row that the server refuses is named with its reason, the others are loaded", async (context) => {
  await eachIsNamed(await postgresBench(context))
})

test("postgres 15, which cannot judge a value without failing: the same", async (context) => {
  const { server, skip } = await debianServer()
  if (server === undefined) return context.skip(skip)
  await eachIsNamed(await postgresBench(context, { url: server.url("postgres") }))
})

test("postgres: what the server fills is left to it; texts are cut where that is asked for; partitions and domains take rows", async (context) => {
  const { bucket, admin, there, at } = await postgresBench(context)
  await there.query(`CREATE DOMAIN small AS INTEGER CHECK (value < 100);
    CREATE TABLE t (id INTEGER GENERATED ALWAYS AS IDENTITY, i small, twice INTEGER GENERATED ALWAYS AS (i * 2) STORED,
      v VARCHAR(3), at TEXT DEFAULT 'now') PARTITION BY LIST (i);
    CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)`)
  await bucket.put("f", "1|abcdef\n2|no partition\n100|no such value\n")
  const copy = `COPY ${at("t")} (i, v) FROM 's3://landing/f' ${role} TRUNCATECOLUMNS MAXERROR 2`
  assert.equal((await admin.query(copy)).rowCount, 1)
  assert.deepEqual(await rows(there, "SELECT id > 0, i, twice, v, at FROM t"), [
    ["t", "1", "2", "abc", "now"],
  ])
  assert.equal(
    (await refusal(admin.query(`COPY ${at("t")} (id) FROM 's3://landing/f' ${role}`))).code,
    "42P01",
  )
})

test("postgres: who may not, and what cannot be, is refused; rights are the server's", async (context) => {
  const bench = await postgresBench(context, {
    settings: { copyUsers: ["etl"], listEveryMs: undefined, eventSecret: undefined },
  })
  const { bucket, admin, there, at, client, url, isReplicated } = bench
  const database = new URL(url).pathname.slice(1)
  await bucket.put("f", "1\n")
  await there.query(
    "CREATE TABLE t (i INTEGER); CREATE VIEW v AS SELECT * FROM t; CREATE SCHEMA millrace; CREATE TABLE millrace.own (i INTEGER)",
  )
  await admin.query("CREATE USER etl PASSWORD 'Etl-Password1'")
  const copy = `COPY ${at("t")} FROM 's3://landing/f' ${role}`
  const etl = await client("etl", "dev", { password: "Etl-Password1" })
  assert.equal((await refusal(etl.query(copy))).code, "42501")
  await there.query(`CREATE ROLE etl; GRANT INSERT ON t TO etl; GRANT USAGE ON SCHEMA public TO etl`)
  try {
    assert.equal((await etl.query(copy)).rowCount, 1)
    await there.query("REVOKE INSERT ON t FROM etl")
    assert.equal((await refusal(etl.query(copy))).code, "42501")
  } finally {
    await there.query("DROP OWNED BY etl; DROP ROLE etl")
  }
  const cases: [string, string, RegExp][] = [
    [`COPY ${at("nothing")} FROM 's3://landing/f' ${role}`, "42P01", /nothing" does not exist/],
    [`COPY ${at("v")} FROM 's3://landing/f' ${role}`, "42P01", /does not exist/],
    [`COPY ${at("t")} (i, z) FROM 's3://landing/f' ${role}`, "42P01", /no column z/],
    [`COPY "${database}@reports".millrace.own FROM 's3://landing/f' ${role}`, "42501", /millrace/],
    [`COPY "${database}@reports".pg_catalog.pg_class FROM 's3://landing/f' ${role}`, "42P01", /pg_class/],
    [`COPY "nothing@reports".public.t FROM 's3://landing/f' ${role}`, "42P01", /no database nothing/],
  ]
  for (const [statement, code, message] of cases) {
    const said = await refusal(admin.query(statement))
    assert.equal(said.code, code, `${statement}: ${said.message}`)
    assert.match(said.message, message)
  }
  await admin.query("BEGIN")
  assert.equal((await refusal(admin.query(copy))).code, "25001")
  await admin.query("ROLLBACK")
  isReplicated.add(database)
  assert.equal((await refusal(admin.query(copy))).code, "25006")
})

test("postgres: 800 columns are loaded, one more is refused before anything is, and fewer of them may be named", async (context) => {
  const { bucket, admin, there, at } = await postgresBench(context)
  const names = Array.from({ length: 801 }, (_, index) => `c${index}`)
  await there.query(`CREATE TABLE wide (${names.map((name) => `${name} INTEGER`).join(", ")})`)
  await bucket.put("f", `${Array(801).fill("1").join("|")}\n`)
  await bucket.put("g", `${Array(800).fill("2").join("|")}\n`)
  const wide = await refusal(admin.query(`COPY ${at("wide")} FROM 's3://landing/f' ${role}`))
  assert.match(wide.message, /801 columns, and COPY into PostgreSQL takes at most 800: name fewer/)
  assert.deepEqual(await rows(there, "SELECT count(*) FROM wide"), [["0"]])
  const fewer = names.slice(0, 800).join(", ")
  assert.equal((await admin.query(`COPY ${at("wide")} (${fewer}) FROM 's3://landing/g' ${role}`)).rowCount, 1)
  assert.deepEqual(await rows(there, "SELECT c0, c799, c800 FROM wide"), [["2", "2", null]])
})
