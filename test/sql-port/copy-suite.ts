import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { gzipSync, zstdCompressSync } from "node:zlib"
import { refusal } from "../e2e/waiting-integration.ts"
import { type CopyBench, role, rows } from "./copy-bench.ts"

const forms: { options: string; file: string | Uint8Array; want: (string | null)[][]; columns?: string }[] = [
  {
    options: "",
    file: "1|a b|1.5\n2||\n3|\\N|0.25",
    want: [
      ["1", "a b", "1.50"],
      ["2", "", null],
      ["3", null, "0.25"],
    ],
  },
  {
    options: "DELIMITER ',' IGNOREHEADER 1 EMPTYASNULL",
    file: "i,t,d\r\n1,,2\r\n",
    want: [["1", null, "2.00"]],
  },
  {
    options: "DELIMITER '\\t' NULL AS 'nil' FILLRECORD",
    file: "1\tnil\n2\n",
    want: [
      ["1", null, null],
      ["2", null, null],
    ],
  },
  { options: "ESCAPE", file: "1|a\\|b\\\nc\\\\|1\n", want: [["1", "a|b\nc\\", "1.00"]] },
  {
    options: "REMOVEQUOTES",
    file: "1|'a|b'|1\n2|\"c\"|2\n",
    want: [
      ["1", "a|b", "1.00"],
      ["2", "c", "2.00"],
    ],
  },
  {
    options: "CSV",
    file: '1,"a ""b"",\nc",1.239\n2,"\\N",-0.009\n',
    want: [
      ["1", 'a "b",\nc', "1.23"],
      ["2", "\\N", "0.00"],
    ],
  },
  { options: "CSV ROUNDEC QUOTE '~'", file: "1,~a,b~,1.239\n", want: [["1", "a,b", "1.24"]] },
  {
    options: "CSV BLANKSASNULL IGNOREBLANKLINES",
    file: "\ufeff1,   ,1\n\n2, x ,2\n",
    want: [
      ["1", null, "1.00"],
      ["2", " x ", "2.00"],
    ],
  },
  { options: "CSV TRIMBLANKS", file: " 1 ,a  , 1\n", want: [["1", "a", "1.00"]] },
  {
    options: "CSV ACCEPTINVCHARS '^'",
    file: Buffer.from([0x31, 0x2c, 0xff, 0x61, 0x2c, 0x31]),
    want: [["1", "^a", "1.00"]],
  },
  { options: "CSV", columns: "(d, i)", file: "1.5,7\n", want: [["7", null, "1.50"]] },
  {
    options: "JSON 'auto'",
    file: '{"i":1,"t":"é\\u0041\\n","d":12.345,"x":9}\n{"t":null,"i":2}{"i":3,"t":{"a":[1, 2]}}',
    want: [
      ["1", "éA\n", "12.34"],
      ["2", null, null],
      ["3", '{"a":[1, 2]}', null],
    ],
  },
  { options: "JSON AS 'auto ignorecase'", file: '{"I":1,"T":true}', want: [["1", "true", null]] },
  { options: "GZIP CSV", file: gzipSync("1,a,1\n"), want: [["1", "a", "1.00"]] },
  { options: "FORMAT AS CSV ZSTD", file: zstdCompressSync("1,a,1\n"), want: [["1", "a", "1.00"]] },
]

async function textCsvAndJson(bench: CopyBench): Promise<void> {
  const { bucket, admin, there, at } = bench
  for (const [index, { options, file, want, columns = "" }] of forms.entries()) {
    await there.query("DROP TABLE IF EXISTS t")
    await there.query("CREATE TABLE t (i INTEGER, t VARCHAR, d DECIMAL(6,2))")
    await bucket.put(`case-${index}/one`, file)
    const { command, rowCount } = await admin.query(
      `COPY ${at("t")} ${columns} FROM 's3://landing/case-${index}/' ${role} ${options}`,
    )
    assert.deepEqual([command, rowCount], ["COPY", want.length], options)
    assert.deepEqual(await rows(there, "SELECT i, t, d FROM t ORDER BY i"), want, options)
  }
}

async function everyType(bench: CopyBench): Promise<void> {
  const { bucket, admin, there, at } = bench
  await there.query(
    `CREATE TABLE all_types (s SMALLINT, b BIGINT, f DOUBLE PRECISION, o BOOLEAN, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, j ${bench.super}, v BYTEA, u UUID)`,
  )
  const uuid = "123e4567-e89b-12d3-a456-426614174000"
  await bucket.put(
    "iso",
    `-7|9007199254740993|1.5e3|yes|2024-02-29|2024-01-02 03:04:05.678901|2024-01-02 03:04:05+02|{"a": 1}|00ff|${uuid}`,
  )
  await admin.query(`COPY ${at("all_types")} FROM 's3://landing/iso' ${role}`)
  assert.deepEqual(await rows(there, "SELECT * FROM all_types"), [
    [
      "-7",
      "9007199254740993",
      "1500",
      "t",
      "2024-02-29",
      "2024-01-02 03:04:05.678901",
      "2024-01-02 01:04:05+00",
      '{"a": 1}',
      "\\x00ff",
      uuid,
    ],
  ])
  await there.query("CREATE TABLE times (d DATE, ts TIMESTAMP)")
  const forms: [string, string, string][] = [
    [
      "DATEFORMAT 'DD.MM.YYYY' TIMEFORMAT 'MM/DD/YY HH24:MI'",
      "31.12.2023|02/29/24 23:59",
      "2023-12-31 2024-02-29 23:59:00",
    ],
    [
      "DATEFORMAT 'auto' TIMEFORMAT 'epochsecs'",
      "Feb 3, 2024|1700000000.5",
      "2024-02-03 2023-11-14 22:13:20.5",
    ],
    [
      "DATEFORMAT AS 'auto' TIMEFORMAT AS 'epochmillisecs'",
      "20240203|1700000000123",
      "2024-02-03 2023-11-14 22:13:20.123",
    ],
    ["TIMEFORMAT 'auto'", "2024-02-03|2024-02-03T04:05:06Z", "2024-02-03 2024-02-03 04:05:06"],
    ["ACCEPTANYDATE", "00/00/00|never", "null null"],
  ]
  for (const [index, [options, line, want]] of forms.entries()) {
    await there.query("TRUNCATE times")
    await bucket.put(`times-${index}`, line)
    await admin.query(`COPY ${at("times")} FROM 's3://landing/times-${index}' ${role} ${options}`)
    assert.equal(
      (await rows(there, "SELECT d, ts FROM times"))[0]?.join(" "),
      want === "null null" ? " " : want,
      options,
    )
  }
}

async function jsonPathsAndWhole(bench: CopyBench): Promise<void> {
  const { bucket, admin, there, at } = bench
  await there.query(`CREATE TABLE p (a VARCHAR, n DECIMAL(38, 20), j ${bench.super})`)
  await bucket.put("paths.json", '{"jsonpaths": ["$.user[\'name\']", "$.list[1].n", "$[\'user\']"]}')
  await bucket.put("data/1", '{"user":{"name":"x"},"list":[0,{"n":123456789012345678.12345678901234567890}]}')
  await admin.query(`COPY ${at("p")} FROM 's3://landing/data/' ${role} JSON 's3://landing/paths.json'`)
  assert.deepEqual(await rows(there, "SELECT * FROM p"), [
    ["x", "123456789012345678.12345678901234567890", '{"name":"x"}'],
  ])
  await there.query(`CREATE TABLE whole (j ${bench.super})`)
  await admin.query(`COPY ${at("whole")} FROM 's3://landing/data/' ${role} JSON 'noshred'`)
  assert.equal(
    (
      await rows(
        there,
        bench.super === "json"
          ? "SELECT j->'user'->>'name' FROM whole"
          : "SELECT j.user.name::VARCHAR FROM whole",
      )
    )[0]?.[0],
    "x",
  )
}

async function badRows(bench: CopyBench): Promise<void> {
  const { bucket, admin, errors, there, at } = bench
  await there.query("CREATE TABLE t (i INTEGER NOT NULL, t VARCHAR, d DATE)")
  await bucket.put("f/1", '1,ok,2024-01-01\n2,"x\ny",2024-01-01\na,bad,2024-01-01\n')
  await bucket.put(
    "f/2",
    "4,ok,2024-13-01\n5,ok\n99999999999,ok,2024-01-01\n,ok,2024-01-01\n6,ok,2024-01-01,more\n1.5,x,2024-01-01\n7,ok,2024-01-02\n",
  )
  const copy = `COPY ${at("t")} FROM 's3://landing/f/' ${role} CSV`
  const first = await refusal(admin.query(copy))
  assert.equal(first.code, "22P04")
  assert.match(first.message, /Load into table 't' failed\. Check 'sys_load_error_detail'/)
  assert.deepEqual(await rows(there, "SELECT count(*) FROM t"), [["0"]])
  assert.equal((await refusal(admin.query(`${copy} MAXERROR 6`))).code, "22P04")
  const before = (await errors()).length
  const { rowCount } = await admin.query(`${copy} MAXERROR 7`)
  assert.equal(rowCount, 3)
  const told = (await errors())
    .slice(before)
    .map(({ key, line, column, rawValue, code, reason }) => [key, line, column, rawValue, code, reason])
  assert.deepEqual(
    told.sort((a, b) => String(a).localeCompare(String(b))),
    [
      ["f/1", 4, "i", "a", 1207, "Invalid digit, Value 'a', Pos 0, Type: Integer"],
      ["f/2", 1, "d", "2024-13-01", 1205, "Invalid Date Format - value does not fit YYYY-MM-DD"],
      ["f/2", 2, "", "", 1214, "Delimiter not found"],
      ["f/2", 3, "i", "99999999999", 1204, "Overflow, Value '99999999999', Type: Integer"],
      ["f/2", 4, "i", "", 1213, "Missing data for not-null field"],
      ["f/2", 5, "", "", 1202, "Extra column(s) found"],
      ["f/2", 6, "i", "1.5", 1207, "Invalid digit, Value '.', Pos 1, Type: Integer"],
    ],
  )
  await there.query("TRUNCATE t")
  assert.equal((await admin.query(`${copy} IGNOREALLERRORS`)).rowCount, 3)
}

async function allOrNothing(bench: CopyBench): Promise<void> {
  const { bucket, admin, there, at } = bench
  await there.query("CREATE TABLE t (i INTEGER)")
  const lines = 400_000
  await bucket.put("f", Array.from({ length: lines }, (_, row) => `${row}\n`).join(""))
  const reader = there
  const seen = new Set<string>()
  let isLoading = true
  const looking = (async () => {
    while (isLoading) seen.add(String((await rows(reader, "SELECT count(*) FROM t"))[0]?.[0]))
  })()
  await admin.query(`COPY ${at("t")} FROM 's3://landing/f' ${role}`)
  isLoading = false
  await looking
  seen.delete("0")
  seen.delete(String(lines))
  assert.deepEqual([...seen], [])
  assert.deepEqual(await rows(there, "SELECT count(*), count(DISTINCT i) FROM t"), [[`${lines}`, `${lines}`]])
}

async function largeParquet(bench: CopyBench): Promise<void> {
  const { bucket, admin, errors, there, at } = bench
  const query = "SELECT if(i = 200000, 99999999999, i) AS a, 'x' || i AS b FROM range(250000) r(i)"
  await bucket.put("large", await bench.parquet(query))
  await there.query("CREATE TABLE t (i INTEGER, t VARCHAR)")
  const { rowCount } = await admin.query(
    `COPY ${at("t")} FROM 's3://landing/large' ${role} PARQUET MAXERROR 1`,
  )
  assert.equal(rowCount, 249_999)
  assert.deepEqual(await rows(there, "SELECT count(DISTINCT i), max(t) FROM t"), [["249999", "x99999"]])
  assert.deepEqual(
    (await errors()).map(({ line, column, rawValue }) => [line, column, rawValue]),
    [[200_001, "i", "99999999999"]],
  )
}

async function parquetByPosition(bench: CopyBench): Promise<void> {
  const { bucket, admin, there, at } = bench
  const query = "SELECT i AS a, 'x' || i AS b, {'k': i} AS c FROM range(1000) r(i)"
  await bucket.put("good", await bench.parquet(query))
  await bucket.put("bad", "no parquet")
  await there.query(`CREATE TABLE t (i INTEGER, t VARCHAR, j ${bench.super})`)
  assert.equal((await admin.query(`COPY ${at("t")} FROM 's3://landing/good' ${role} PARQUET`)).rowCount, 1000)
  assert.deepEqual(await rows(there, "SELECT * FROM t WHERE i = 7"), [["7", "x7", '{"k":7}']])
  assert.match(
    (await refusal(admin.query(`COPY ${at("t")} FROM 's3://landing/bad' ${role} PARQUET`))).message,
    /failed/,
  )
  await there.query("CREATE TABLE small (i INTEGER)")
  assert.equal(
    (await refusal(admin.query(`COPY ${at("small")} FROM 's3://landing/good' ${role} PARQUET`))).code,
    "22P04",
  )
}

const cases: [(bench: CopyBench) => Promise<void>, string][] = [
  [textCsvAndJson, "delimited text, CSV and JSON come as the cloud reads them"],
  [everyType, "every type, with formats of dates and times"],
  [jsonPathsAndWhole, "JSON by paths and whole, numbers to the last digit"],
  [badRows, "bad rows end the load with line, column and reason, or are passed over as far as is allowed"],
  [allOrNothing, "readers see all of a large COPY or nothing"],
  [
    largeParquet,
    "a Parquet file of several row groups is loaded whole; a row of it that does not fit is named",
  ],
  [parquetByPosition, "Parquet loads by position, and what is none says so"],
]

/** What COPY does, whichever warehouse it loads into. */
export function describeCopy(name: string, open: (context: TestContext) => Promise<CopyBench>): void {
  for (const [run, does] of cases) test(`${name}: ${does}`, async (context) => run(await open(context)))
}
