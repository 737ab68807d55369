import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import pg from "pg"
import { Problem } from "../../../src/domain/problems.ts"
import { newKeyRing } from "../../../src/encryption/key-ring.ts"
import type { Warehouse } from "../../../src/replication/contracts/warehouse.ts"
import { scriptedFault } from "../../crash/scripted-faults/scripted-faults.ts"
import { beginTestPipeline, runSql, testPipeline, testWarehouse } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

async function confirmed(url: string, slot: string): Promise<bigint> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ at: string }>(
      "SELECT (confirmed_flush_lsn - '0/0')::text AS at FROM pg_replication_slots WHERE slot_name = $1",
      [slot],
    )
    return BigInt(rows[0]?.at ?? 0)
  } finally {
    await client.end()
  }
}

test("a warehouse that hangs in the middle of a batch: the source is read into the spool, and nothing doubles", async (context) => {
  const database = await testDatabase()
  context.after(() => database.drop())
  await runSql(database.url, "CREATE TABLE t (id int PRIMARY KEY, v int)")
  const fault = scriptedFault("applied", "hang")
  const pipeline = await testPipeline({ url: database.url, relief: "spool", around: fault })
  await pipeline.settle()
  fault.arm()
  await runSql(database.url, "INSERT INTO t SELECT i, 0 FROM generate_series(1, 1000) i")
  await fault.struck
  const before = await confirmed(database.url, pipeline.handle)
  await runSql(database.url, "UPDATE t SET v = v + 1", "DELETE FROM t WHERE id % 3 = 0")
  // A batch that has only begun is no reason; one that goes on for long is.
  await waitUntil(
    () => {
      pipeline.relieve()
      return pipeline.relief()?.kind === "spooling"
    },
    { what: "the spool", intervalMs: 250 },
  )
  await waitUntil(async () => (await confirmed(database.url, pipeline.handle)) > before, {
    what: "the slot to move on",
  })
  await runSql(database.url, "UPDATE t SET v = v + 1 WHERE id % 2 = 0")
  fault.release()
  assert.deepEqual(await pipeline.differences(), [])
  await waitUntil(() => pipeline.relief() === undefined, { what: "the spool to be used up" })
  assert.deepEqual(pipeline.reports.problems, [])
  await pipeline.stop()
})

test("with a key, what is staged is encrypted, in a copy and in the stream", async (context) => {
  const database = await testDatabase()
  context.after(() => database.drop())
  const marker = "a value that nobody may read"
  await runSql(
    database.url,
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    `INSERT INTO t SELECT i, '${marker}' FROM generate_series(1, 1000) i`,
  )
  const arn = "arn:aws:kms:us-east-1:123456789012:key/orders"
  const ring = newKeyRing([{ arn, aliases: [], enabled: true, key: randomBytes(32), previous: [] }])
  const home = await testWarehouse()
  const seen: Buffer[] = []
  const pipeline = await testPipeline({
    url: database.url,
    home,
    atRest: {
      newDataKey: () => ring.newDataKey(arn, { team: "a" }),
      openDataKey: (wrapped) => ring.openDataKey(arn, { team: "a" }, wrapped),
    },
    observe(point) {
      if (point !== "staged" && point !== "chunkLoaded") return
      const files = readdirSync(home.stagingPath, { recursive: true, encoding: "utf8" })
      for (const file of files)
        if (file.endsWith(".parquet")) seen.push(readFileSync(join(home.stagingPath, file)))
    },
  })
  await runSql(database.url, `UPDATE t SET v = v || '!' WHERE id < 100`)
  assert.deepEqual(await pipeline.differences(), [])
  // Another part may just have been begun.
  const written = seen.filter(({ length }) => length > 0)
  assert.ok(written.length > 0)
  for (const bytes of written) {
    assert.equal(bytes.toString("latin1", 0, 4), "PARE")
    assert.equal(bytes.indexOf(marker), -1)
  }
  await pipeline.stop()
})

/**
 * The spool's writer ends after the transaction `cut` is in the spool and before the source was told: the source sends that
 * transaction again, as proof that it is the server we know. `later`: transactions that a second writer brings into the spool.
 */
async function cutBeforeTold(
  context: TestContext,
  { tables, cut, later = [] }: { tables: string[]; cut: string[]; later?: string[] },
) {
  const database = await testDatabase()
  context.after(() => database.drop())
  await runSql(database.url, ...tables)
  const home = await testWarehouse()
  const before = await testPipeline({ url: database.url, home })
  await before.settle()
  await before.stop()

  let isAway = true
  let spooled = 0
  const pipeline = await beginTestPipeline({
    url: database.url,
    home,
    database: before.database,
    handle: before.handle,
    relief: "spool",
    around: { source: (source) => source, warehouse: (warehouse) => gated(warehouse, () => isAway) },
    observe(point) {
      if (point === "spooled" && ++spooled === 1) throw new Error("cut off before the source is told")
    },
  })
  await runSql(database.url, `BEGIN; ${cut.join("; ")}; COMMIT`)
  await waitUntil(() => pipeline.reports.phases.includes("waiting"), { what: "the warehouse to be missed" })
  pipeline.relieve()
  await waitUntil(() => pipeline.relief()?.kind === "failed", { what: "the spool to be cut off" })
  if (later.length > 0) {
    await runSql(database.url, ...later)
    pipeline.relieve()
    await waitUntil(() => spooled > 1, { what: "the second writer to spool" })
  }
  isAway = false
  await waitUntil(() => pipeline.relief() === undefined && pipeline.reports.phases.at(-1) === "streaming", {
    what: "the spool to be used up",
  })
  return { url: database.url, pipeline }
}

function gated(warehouse: Warehouse, isAway: () => boolean): Warehouse {
  return {
    ...warehouse,
    async open(options) {
      if (isAway()) throw new Problem("warehouseUnavailable", "It is away (as scripted).")
      return await warehouse.open(options)
    },
  }
}

test("a spooled transaction of which the source was never told comes once, to tables with and without a key", async (context) => {
  const { url, pipeline } = await cutBeforeTold(context, {
    tables: [
      "CREATE TABLE keyed (id int PRIMARY KEY, v int)",
      "CREATE TABLE keyless (v int)",
      "ALTER TABLE keyless REPLICA IDENTITY FULL",
      "INSERT INTO keyless SELECT 0 FROM generate_series(1, 500)",
    ],
    cut: [
      "INSERT INTO keyed SELECT i, 0 FROM generate_series(1, 500) i",
      "INSERT INTO keyless SELECT 1 FROM generate_series(1, 500)",
      "DELETE FROM keyless WHERE ctid IN (SELECT ctid FROM keyless WHERE v = 0 LIMIT 100)",
    ],
  })
  await runSql(url, "INSERT INTO keyed VALUES (1000, 0)", "INSERT INTO keyless VALUES (2)")
  assert.deepEqual(await pipeline.differences(), [])
  assert.deepEqual([...pipeline.reports.failed], [])
  await pipeline.stop()
})

for (const later of [[], ["INSERT INTO t VALUES (2000, 0, 7)", "UPDATE t SET more = 8 WHERE id = 3"]])
  test(`a spooled transaction of which the source was never told alters its table once${later.length > 0 ? ", also when more was spooled behind it" : ""}`, async (context) => {
    const { url, pipeline } = await cutBeforeTold(context, {
      tables: ["CREATE TABLE t (id int PRIMARY KEY, v int)", "INSERT INTO t VALUES (0, 0)"],
      cut: [
        "INSERT INTO t SELECT i, 0 FROM generate_series(1, 100) i",
        "ALTER TABLE t ADD COLUMN more int",
        "INSERT INTO t SELECT i, 0, i FROM generate_series(101, 200) i",
        "UPDATE t SET more = 5 WHERE id < 50",
      ],
      later,
    })
    await runSql(url, "INSERT INTO t VALUES (1000, 9, 9)")
    assert.deepEqual(await pipeline.differences(), [])
    assert.deepEqual([...pipeline.reports.failed], [], "it was not resynced")
    await pipeline.stop()
  })
