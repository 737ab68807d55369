import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { test } from "node:test"
import { connectSql } from "../warehouse.ts"
import { copyPlace, gives, role } from "./place.ts"

/** 5 GB of content unless the environment says otherwise. */
const megabytes = Number(process.env.MILLRACE_COPY_MEGABYTES ?? 5_000)
const smallFiles = Number(process.env.MILLRACE_COPY_FILES ?? 10_000)

async function residentMb(pid: number): Promise<number> {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? []
  return Number(kb) / 1024
}

const linesPerPart = 600_000
const line = (row: number) =>
  `${row},${(row * 7_919) % 1_000_003},customer ${row % 5_000},2024-01-02 03:04:05,${row % 100}.25,some text that is long enough\n`

function partFrom(row: number): Buffer {
  const blocks: Buffer[] = []
  for (let from = row; from < row + linesPerPart; from += 10_000)
    blocks.push(Buffer.from(Array.from({ length: 10_000 }, (_, i) => line(from + i)).join("")))
  return Buffer.concat(blocks)
}

test("one large file is loaded in bounded memory", async (context) => {
  const { place, bucket } = await copyPlace(context, "never")
  const { pid } = await place.start()
  const admin = await connectSql(place, "dev")
  context.after(() => admin.end())
  let rows = 0
  let bytes = 0
  function* parts() {
    for (; bytes < megabytes * 1e6; rows += linesPerPart) {
      const part = partFrom(rows)
      bytes += part.length
      yield part
    }
  }
  await bucket.putParts("large.csv", parts())
  await admin.query(
    "CREATE TABLE t (id BIGINT, n INTEGER, name VARCHAR, made_at TIMESTAMP, price DECIMAL(8,2), s VARCHAR)",
  )
  const before = await residentMb(pid)
  let most = before
  const look = async () => {
    most = Math.max(most, await residentMb(pid))
  }
  const watch = setInterval(() => void look(), 200)
  const startedAt = performance.now()
  const loader = await connectSql(place, "dev", undefined, 0)
  context.after(() => loader.end())
  const { rowCount } = await loader.query(`COPY t FROM 's3://landing/large.csv' ${role} CSV`)
  clearInterval(watch)
  const seconds = (performance.now() - startedAt) / 1_000
  context.diagnostic(
    `${rows} rows, ${Math.round(bytes / 1e6)} MB in ${seconds.toFixed(1)} s: ${Math.round(bytes / 1e6 / seconds)} MB/s, ${Math.round(rows / seconds)} rows/s; ${Math.round(before)} → ${Math.round(most)} MB resident`,
  )
  assert.equal(rowCount, rows)
  await gives(
    loader,
    "SELECT count(*), count(DISTINCT id), max(id) FROM t",
    `${rows}|${rows}|${rows - 1}`,
    600_000,
  )
  assert.ok(most - before < 1_500, `it grew by ${Math.round(most - before)} MB`)
})

test("ten thousand small files are loaded in batches", async (context) => {
  const { place, bucket, integrate, post } = await copyPlace(context, "never")
  await place.start()
  await integrate()
  const admin = await connectSql(place, "dev")
  context.after(() => admin.end())
  await admin.query("CREATE TABLE t (file INTEGER, n INTEGER)")
  await admin.query(`COPY t FROM 's3://landing/in/' ${role} CSV JOB CREATE loads AUTO OFF`)
  const keys = Array.from({ length: smallFiles }, (_, file) => `in/${file}.csv`)
  for (let at = 0; at < keys.length; at += 50)
    await Promise.all(keys.slice(at, at + 50).map((key, i) => bucket.put(key, `${at + i},1\n${at + i},2\n`)))
  await admin.query("COPY JOB ALTER loads AUTO ON")
  const startedAt = performance.now()
  for (let at = 0; at < keys.length; at += 1_000)
    assert.equal(await post(keys.slice(at, at + 1_000).map((key) => ({ key }))), 200)
  await gives(
    admin,
    "SELECT count(*), count(DISTINCT file) FROM t",
    `${smallFiles * 2}|${smallFiles}`,
    300_000,
  )
  const seconds = (performance.now() - startedAt) / 1_000
  context.diagnostic(
    `${smallFiles} files in ${seconds.toFixed(1)} s: ${Math.round(smallFiles / seconds)} files/s`,
  )
})
