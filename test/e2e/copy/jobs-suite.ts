import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { startControl } from "../../support/control.ts"
import { refusal } from "../waiting-integration.ts"
import { connectSql } from "../warehouse.ts"
import { copyPlace, gives, role, type WarehouseKind } from "./place.ts"

interface Scene {
  context: TestContext
  warehouse: WarehouseKind
}

async function newObject({ context, warehouse }: Scene): Promise<void> {
  const { place, bucket, schema, there, integrate, removeIntegration, post } = await copyPlace(
    context,
    "never",
    warehouse,
  )
  await bucket.put("in/old file.csv", "0,old\n")
  await place.start()
  const admin = await connectSql(place, "dev")
  context.after(() => admin.end())
  const tables = await there()
  await tables.query("CREATE TABLE t (i INTEGER, s VARCHAR)")
  const create = `COPY t FROM 's3://landing/in/' ${role} CSV JOB CREATE loads`
  await admin.query(create)
  const channel = "SELECT channel_arn, bucket, channel_state, job_state FROM svv_copy_job_integrations"
  await gives(admin, channel, "|landing|Inactive|1")
  assert.equal((await refusal(admin.query("COPY JOB RUN loads"))).code, "55000")
  const arn = await integrate()
  await gives(admin, channel, `${arn}|landing|Established|0`)

  const etag = await bucket.put("in/a b+ü.csv", "1,one\n2,two\n")
  await bucket.put("elsewhere/x.csv", "9,no\n")
  const beside = await connectSql(place, "dev")
  context.after(() => beside.end())
  const control = startControl(context, () => beside.query("SELECT 1"))
  const startedAt = performance.now()
  assert.equal(await post([{ key: "in/a b+ü.csv", etag }, { key: "elsewhere/x.csv" }]), 200)
  await gives(tables, "SELECT count(*), sum(i) FROM t WHERE i > 0", "2|3")
  const tookMs = performance.now() - startedAt
  assert.ok(tookMs < 2_000 + control.slackMs(), `it took ${tookMs} ms`)
  for (let i = 0; i < 3; i++) assert.equal(await post([{ key: "in/a b+ü.csv", etag }]), 200)
  await bucket.put("in/b.csv", "3,three\n")
  await post([{ key: "in/b.csv" }])
  await gives(tables, "SELECT count(*) FROM t WHERE i > 0", "3")
  await gives(
    admin,
    "SELECT file_name, status, file_location, file_etag = '' FROM sys_copy_job_detail WHERE file_name LIKE '%b%' ORDER BY 1",
    "in/a b+ü.csv|I|landing|f;in/b.csv|I|landing|f",
  )
  await gives(
    admin,
    "SELECT job_name, is_auto, iam_role, job_text FROM sys_copy_job",
    `loads|1|arn:aws:iam::123456789012:role/load|${create}`,
  )
  for (const [secret, inBucket] of [
    ["wrong-secret-wrong-secret", "landing"],
    [undefined, "another"],
  ] as const)
    assert.equal(await post([{ key: "in/b.csv" }], secret, inBucket), 403)

  // The same bytes once more are the same object, whoever tells of it.
  await bucket.put("in/b.csv", "3,three\n")
  await post([{ key: "in/b.csv" }])
  await admin.query("COPY JOB ALTER loads AUTO OFF")
  await bucket.put("in/c.csv", "4,four\n")
  await post([{ key: "in/c.csv" }])
  const { rows } = await admin.query("COPY JOB SHOW loads")
  assert.deepEqual(
    [rows[0]?.job_state, rows[0]?.auto, rows[0]?.target, rows[0]?.source],
    ["active", "off", `dev.${schema}.t`, "s3://landing/in/"],
  )
  await admin.query("COPY JOB RUN loads")
  await gives(tables, "SELECT count(*) FROM t WHERE i > 0", "4")

  await removeIntegration(arn)
  await gives(admin, channel, "|landing|Inactive|1")
  assert.equal((await refusal(admin.query(create))).code, "42P04")
  assert.equal((await admin.query("COPY JOB LIST")).rows[0]?.job_state, "inactive")
  await admin.query("COPY JOB DROP loads")
  assert.equal((await refusal(admin.query("COPY JOB SHOW loads"))).code, "42704")
  assert.equal((await admin.query("COPY JOB LIST")).rows.length, 0)
  const audit = (await place.run("audit")).output
  for (const tag of ["CREATE", "ALTER", "RUN", "DROP"]) assert.match(audit, new RegExp(`COPY JOB ${tag}`))
}

async function listing({ context, warehouse }: Scene): Promise<void> {
  const { place, bucket, schema, there, integrate } = await copyPlace(context, "200ms", warehouse)
  await bucket.put("in/1", "1,one\n")
  assert.match((await place.run("check")).output, /source arn:aws:s3:::landing: ok/)
  await place.start()
  await integrate()
  const admin = await connectSql(place, "dev")
  context.after(() => admin.end())
  const tables = await there()
  await tables.query("CREATE TABLE t (i INTEGER, s VARCHAR)")
  await admin.query(`COPY t FROM 's3://landing/in/' ${role} CSV JOB CREATE every EXISTING ON`)
  await gives(tables, "SELECT count(*) FROM t", "1")
  await Promise.all([
    bucket.put("in/2", "2,two\n"),
    bucket.put("in/3", "3,three\nx,bad\n"),
    bucket.put("in/4", "4\n"),
  ])
  const states = "SELECT file_name, status FROM sys_copy_job_detail ORDER BY enqueue_time, file_name"
  await gives(
    admin,
    "SELECT file_name, status FROM sys_copy_job_detail ORDER BY file_name",
    "in/1|I;in/2|I;in/3|E;in/4|E",
  )
  await gives(tables, "SELECT count(*), sum(i) FROM t", "2|3")
  await gives(
    admin,
    "SELECT file_name, line_number, column_name, error_code, error_message FROM sys_load_error_detail ORDER BY file_name",
    "s3://landing/in/3|2|i|1207|Invalid digit, Value 'x', Pos 0, Type: Integer;s3://landing/in/4|1||1214|Delimiter not found",
  )
  await gives(
    admin,
    "SELECT raw_field_value, raw_line, copy_job_id > 0 FROM stl_load_errors WHERE err_code = 1207",
    "x|x,bad|t",
  )
  await bucket.put("in/3", "3,three\n")
  await gives(tables, "SELECT count(*), sum(i) FROM t", "3|6")
  await gives(admin, `SELECT count(*) FROM (${states})`, "5")

  await tables.query("ALTER TABLE t RENAME TO u")
  await bucket.put("in/5", "5,five\n")
  await gives(admin, "SELECT message FROM sys_copy_job_info", `There is no table ${schema}.t in dev.`)
  await gives(admin, "SELECT status FROM sys_copy_job_detail WHERE file_name = 'in/5'", "P")
  await tables.query("ALTER TABLE u RENAME TO t")
  await gives(tables, "SELECT count(*), sum(i) FROM t", "4|11")
}

const cases: [(scene: Scene) => Promise<void>, string][] = [
  [newObject, "a new object is loaded within two seconds of its event, once, and the views say so"],
  [
    listing,
    "listing finds what no event told; existing files when asked; a bad file is marked and loaded when it is replaced",
  ],
]

/** What COPY jobs do, whichever warehouse they load into. */
export function describeJobs(warehouse: WarehouseKind): void {
  for (const [run, does] of cases) test(`${warehouse}: ${does}`, (context) => run({ context, warehouse }))
}
