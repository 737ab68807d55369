import assert from "node:assert/strict"
import { test } from "node:test"
import type { Chunk, Snapshot } from "../../src/replication/contracts/source.ts"
import { newRowBuffer, resetRows } from "../../src/replication/values/columns.ts"
import { openPostgresSource } from "../../src/sources/postgres/source.ts"
import { runSql } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"

const handle = `millrace_snapshot_${process.pid}`

async function opened(statements: string[]) {
  const { url, name } = await testDatabase()
  await runSql(url, ...statements)
  const source = openPostgresSource({ url, database: name })
  const snapshot = await source.openSnapshot(handle, () => true, new Map())
  const close = async () => {
    await snapshot.close()
    await source.remove(handle)
  }
  return { url, snapshot, close }
}

async function idsOf(snapshot: Snapshot, chunks: readonly Chunk[], signal = new AbortController().signal) {
  const schema = snapshot.tables[0]?.schema
  if (schema === undefined) throw new Error("no table")
  const ids: number[] = []
  for (const chunk of chunks) {
    const rows = newRowBuffer(schema.columns.map((column) => column.type))
    const write = async (full: typeof rows) => {
      for (let row = 0; row < full.rows; row++) ids.push(full.columns[0]?.bytes.readInt32LE(row * 4) ?? -1)
      resetRows(full)
      return full
    }
    await snapshot.read(schema, chunk, rows, write, signal)
  }
  return ids
}

const table = [
  "CREATE TABLE t (id int PRIMARY KEY, v text)",
  "INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 5000) i",
]
/** As a large table is cut; this one is small, so the cuts are made here. */
const chunks: Chunk[] = [
  "ctid >= '(0,0)' and ctid < '(20,0)'",
  "ctid >= '(20,0)' and ctid < '(50,0)'",
  "ctid >= '(50,0)'",
].map((token) => ({ token }))

test("chunks by block have every row once, while rows change and vacuum runs", async () => {
  const { url, snapshot, close } = await opened(table)
  const first = await idsOf(snapshot, chunks.slice(0, 1))
  await runSql(
    url,
    "UPDATE t SET v = v || 'y'",
    "DELETE FROM t WHERE id % 2 = 0",
    "VACUUM t",
    "INSERT INTO t SELECT i, 'new' FROM generate_series(5001, 9000) i",
  )
  const rest = await idsOf(snapshot, chunks.slice(1))
  assert.deepEqual(
    [...first, ...rest].sort((a, b) => a - b),
    Array.from({ length: 5000 }, (_, i) => i + 1),
  )
  await close()
})

test("a table rewritten between two chunks is not copied wrongly but again", async () => {
  for (const rewriting of ["VACUUM FULL t", "CLUSTER t USING t_pkey"]) {
    const { url, snapshot, close } = await opened([...table, "DELETE FROM t WHERE id < 1000"])
    await idsOf(snapshot, chunks.slice(0, 1))
    await runSql(url, rewriting)
    await assert.rejects(idsOf(snapshot, chunks.slice(1)), /was rewritten while it was being copied/)
    await close()
  }
})

test("a table renamed since, its name now another one's, is not copied with that one's rows", async () => {
  const { url, snapshot, close } = await opened([...table, "CREATE TABLE u (LIKE t)"])
  await runSql(url, "ALTER TABLE t RENAME TO x; ALTER TABLE u RENAME TO t")
  await assert.rejects(idsOf(snapshot, [{ token: "" }]), /was renamed while it was being copied/)
  await close()
})

test("reading that was given up before it began does not begin", async () => {
  const { snapshot, close } = await opened(table)
  await assert.rejects(idsOf(snapshot, [{ token: "" }], AbortSignal.abort()))
  await close()
})
