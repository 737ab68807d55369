import assert from "node:assert/strict"
import { test } from "node:test"
import { refusal } from "../waiting-integration.ts"
import { connectSql } from "../warehouse.ts"
import { describeJobs } from "./jobs-suite.ts"
import { bucketArn, copyPlace, role } from "./place.ts"

describeJobs("duckdb")

test("what a job may not be told is refused", async (context) => {
  const { place } = await copyPlace(context, "never")
  await place.start()
  const admin = await connectSql(place, "dev")
  context.after(() => admin.end())
  await admin.query("CREATE TABLE t (i INTEGER)")
  const from = "COPY t FROM 's3://landing/in/'"
  const cases: [string, string, RegExp][] = [
    [`${from} ${role} MAXERROR 3 JOB CREATE j`, "0A000", /MAXERROR/],
    [`${from} ${role} IGNOREALLERRORS JOB CREATE j`, "0A000", /IGNOREALLERRORS/],
    [`${from} IAM_ROLE default JOB CREATE j`, "0A000", /IAM_ROLE/],
    [`${from} ACCESS_KEY_ID 'a' SECRET_ACCESS_KEY 'b' JOB CREATE j`, "0A000", /IAM_ROLE/],
    [`${from} ${role} JOB CREATE "a-b"`, "42602", /invalid job name/],
    [`COPY t FROM 's3://other/in/' ${role} JOB CREATE j`, "42704", /arn:aws:s3:::other/],
    ["COPY JOB RUN nothing", "42704", /nothing/],
    ["COPY JOB PAUSE j", "42601", /syntax error/],
    [`CREATE DATABASE d FROM INTEGRATION '${bucketArn}'`, "42704", /no integration/],
  ]
  for (const [statement, code, message] of cases) {
    const refused = await refusal(admin.query(statement))
    assert.equal(refused.code, code, `${statement}: ${refused.message}`)
    assert.match(refused.message, message)
  }
  await admin.query("BEGIN")
  assert.equal((await refusal(admin.query(`${from} ${role} JOB CREATE j`))).code, "25001")
  await admin.query("ROLLBACK")
})
