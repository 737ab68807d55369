import assert from "node:assert/strict"
import { test } from "node:test"
import { refusal } from "../e2e/waiting-integration.ts"
import { copyBench, role, rows } from "./copy-bench.ts"
import { describeCopy } from "./copy-suite.ts"

describeCopy("duckdb", copyBench)

test("a COPY is part of its transaction", async (context) => {
  const { bucket, admin } = await copyBench(context)
  await admin.query("CREATE TABLE t (i INTEGER)")
  await bucket.put("f", "1\n2\n")
  await admin.query("BEGIN")
  await admin.query(`COPY t FROM 's3://landing/f' ${role}`)
  assert.deepEqual(await rows(admin, "SELECT count(*) FROM t"), [["2"]])
  await admin.query("ROLLBACK")
  assert.deepEqual(await rows(admin, "SELECT count(*) FROM t"), [["0"]])
})

test("who may not, and what cannot be, is refused", async (context) => {
  const { bucket, admin, client } = await copyBench(context, {
    copyUsers: ["etl"],
    listEveryMs: undefined,
    eventSecret: undefined,
  })
  await bucket.put("f", "1\n")
  await bucket.put("not-gzip", "1\n")
  await admin.query("CREATE TABLE t (i INTEGER)")
  await admin.query("CREATE USER etl PASSWORD 'Etl-Password1'")
  await admin.query("CREATE USER other PASSWORD 'Other-Password1'")
  await admin.query("GRANT INSERT ON t TO etl")
  await admin.query("GRANT INSERT ON t TO other")
  await admin.query("GRANT USAGE ON SCHEMA main TO PUBLIC")
  const copy = `COPY t FROM 's3://landing/f' ${role}`
  const etl = await client("etl", "dev", { password: "Etl-Password1" })
  assert.equal((await etl.query(copy)).rowCount, 1)
  const other = await client("other", "dev", { password: "Other-Password1" })
  assert.match((await refusal(other.query(copy))).message, /permission denied for bucket landing/)
  await admin.query("REVOKE INSERT ON t FROM etl")
  assert.equal((await refusal(etl.query(copy))).code, "42501")
  const cases: [string, string, RegExp][] = [
    [`COPY t FROM 's3://elsewhere/f' ${role}`, "42704", /No source arn:aws:s3:::elsewhere is configured/],
    [`COPY t FROM 's3://landing/nothing' ${role}`, "42704", /prefix 'nothing' does not exist/],
    [`COPY nothing FROM 's3://landing/f' ${role}`, "42P01", /"nothing" does not exist/],
    [`COPY t (i, z) FROM 's3://landing/f' ${role}`, "42P01", /no column z/],
    [`COPY shop.public.orders FROM 's3://landing/f' ${role}`, "25006", /replicated/],
    [`COPY shop.millrace.progress FROM 's3://landing/f' ${role}`, "42501", /millrace/],
    [`COPY t FROM 's3://landing/f' ${role} AVRO`, "0A000", /AVRO/],
    [`COPY t FROM 's3://landing/f' ${role} BZIP2`, "0A000", /BZIP2/],
    [`COPY t FROM 's3://landing/f' ${role} ENCODING UTF16`, "0A000", /UTF16/],
    [`COPY t FROM 's3://landing/f' ${role} CSV DELIMITER ';;'`, "22023", /DELIMITER/],
    [`COPY t FROM 's3://landing/f' ${role} MAXERROR 100001`, "22023", /MAXERROR/],
    [`COPY t FROM 's3://landing/f' ${role} SPEED`, "42601", /speed/],
    [`COPY t FROM 's3://landing/f' ${role} CSV CSV`, "42601", /redundant/],
    ["COPY t FROM 'dynamodb://t'", "0A000", /dynamodb/],
    ["COPY t FROM '/etc/passwd'", "22023", /s3:/],
    ["COPY t TO 's3://landing/f'", "0A000", /TO/],
    ["COPY t FROM STDIN", "0A000", /STDIN/],
    [`COPY t FROM 's3://landing/not-gzip' ${role} GZIP`, "22P04", /failed/],
  ]
  for (const [statement, code, message] of cases) {
    const refused = await refusal(admin.query(statement))
    assert.equal(refused.code, code, `${statement}: ${refused.message}`)
    assert.match(refused.message, message)
  }
})
