/** COPY jobs with several processes, each with a data folder of its own, over one state database. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { openStore } from "../../../src/state/store.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, targetArn } from "../place.ts"
import { connectSql } from "../warehouse.ts"
import { type CopyPlace, copyPlace, gives, role } from "./place.ts"

/** Another host of the same installation. */
async function otherHost(context: Parameters<typeof newPlace>[0], { place }: CopyPlace): Promise<Place> {
  const other = await newPlace(context, { sources: [], state: { url: place.stateUrl ?? "" } })
  const shared: Record<string, unknown> = {}
  await place.configure(({ sources, warehouses }) => void Object.assign(shared, { sources, warehouses }))
  await other.configure((configuration) => void Object.assign(configuration, shared))
  return other
}

const contents = "SELECT count(*), count(DISTINCT file) FROM t"

test("postgres: two hosts load each file once; frozen, killed or woken, the one leaves off where the other goes on", async (context) => {
  const all = await copyPlace(context, "200ms", "postgres")
  const { place, bucket, there, integrate } = all
  const second = await otherHost(context, all)
  const first = await place.start()
  await integrate()
  const tables = await there()
  await tables.query("CREATE TABLE t (file INTEGER, line INTEGER)")
  const admin = await connectSql(place, "dev")
  await admin.query(`COPY t FROM 's3://landing/in/' ${role} CSV JOB CREATE loads`)
  await admin.end()
  const store = await openStore(place.stateUrl ?? "")
  atEnd(context, () => store.close())
  const duty = `copy jobs of ${targetArn}`
  const holder = await waitUntil(async () => (await store.duties.holders()).get(duty), { what: "a holder" })
  await second.start()
  let files = 0
  const put = async (count: number) => {
    for (let i = 0; i < count; i++) await bucket.put(`in/${files}.csv`, `${files},1\n${files++},2\n`)
  }
  await put(5)
  await gives(tables, contents, "10|5")

  // A frozen holder may sleep within a transaction that has the job's row.
  await Promise.all([
    put(40),
    waitUntil(async () => Number((await tables.query("SELECT count(*) AS n FROM t")).rows[0]?.n) > 10, {
      what: "some of them",
    }),
  ])
  first.child.kill("SIGSTOP")
  await put(5)
  await gives(tables, contents, "100|50")
  const after = (await store.duties.holders()).get(duty)
  assert.ok(after !== undefined && after !== holder, "the other host has the duty")

  first.child.kill("SIGCONT")
  await put(5)
  await gives(tables, contents, "110|55")
  const elsewhere = await connectSql(second, "dev")
  context.after(() => elsewhere.end())
  // Either process runs it: what the other one loads meanwhile is not loaded again.
  await Promise.all([put(5), elsewhere.query("COPY JOB RUN loads")])
  await gives(tables, contents, "120|60")
  await first.kill9()
  await put(5)
  await gives(tables, contents, "130|65")
  await gives(elsewhere, "SELECT count(*), min(status), max(status) FROM sys_copy_job_detail", "65|I|I")
})

test("duckdb: a job is its host's, whose files hold the table; another host leaves it alone", async (context) => {
  const all = await copyPlace(context, "200ms")
  const { place, bucket, there, integrate } = all
  const second = await otherHost(context, all)
  await place.start()
  await second.start()
  await integrate()
  const tables = await there()
  const elsewhere = await connectSql(second, "dev")
  context.after(() => elsewhere.end())
  for (const client of [tables, elsewhere]) await client.query("CREATE TABLE t (file INTEGER, line INTEGER)")
  await tables.query(`COPY t FROM 's3://landing/in/' ${role} CSV JOB CREATE loads`)
  for (let file = 0; file < 5; file++) await bucket.put(`in/${file}.csv`, `${file},1\n${file},2\n`)
  await gives(tables, contents, "10|5")
  await assert.rejects(elsewhere.query("COPY JOB RUN loads"), /files of another host/)
  await gives(elsewhere, contents, "0|0")
})
