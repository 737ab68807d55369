import assert from "node:assert/strict"
import { cp, readdir, readFile, rm, truncate } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { type Position, positionFrom, shownPosition } from "../../../src/domain/position.ts"
import { openMysqlSource } from "../../../src/sources/mysql/source.ts"
import { mysqlProducts, mysqlServer } from "../../support/mysql/fixtures.ts"
import { type MysqlPipeline, mysqlPipeline } from "../../support/mysql/pipeline.ts"
import type { MysqlProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"
import { waitUntil } from "../../support/wait-until.ts"

/** Ten seconds on a machine that has nothing else to do. */
const healedMs = 60_000
const select = ({ schema }: { schema: string }) => schema === "shop"

async function shop(product: MysqlProduct, settings: Record<string, string> = {}): Promise<MysqlServer> {
  const server = await mysqlServer(product, settings)
  await server.sql("CREATE DATABASE shop", "CREATE TABLE shop.t (id int PRIMARY KEY, v text)")
  await server.sql("INSERT INTO shop.t VALUES (1, 'first')")
  return server
}

/** Each a transaction of its own. */
async function write(server: MysqlServer, from: number, count: number): Promise<void> {
  for (let id = from; id < from + count; id++) await server.sql(`INSERT INTO shop.t VALUES (${id}, 'x')`)
}

async function resetLog(server: MysqlServer): Promise<void> {
  await server.sql(server.product.resetLog)
}

/** A log tells when it was begun by the second: all that are begun by this were begun in the same second. */
async function resetInOneSecond(server: MysqlServer): Promise<void> {
  await server.sql("SET timestamp = 1700000000", server.product.resetLog)
}

function copies(pipeline: { reports: { copied: string[] } }): number {
  return pipeline.reports.copied.filter((table) => table === "shop.t").length
}

/** From where `before` stopped, in a log that is not the one it read. */
async function goesOnWithACopy(before: MysqlPipeline, server: MysqlServer): Promise<void> {
  const after = await mysqlPipeline({ server, select, continues: before })
  assert.deepEqual(await after.differences(["shop"]), [])
  assert.deepEqual([...new Set(after.reports.problems.map(({ kind }) => kind))], ["sourceRestored"])
  assert.equal(copies(after), 1)
  await after.stop()
}

const rowEventTypes = [23, 30]

/** Cuts the newest file of the log behind the last event of rows but one, as a crash does that comes while a transaction is written. */
async function cutInTransaction(server: MysqlServer): Promise<void> {
  const folder = join(server.folder, "data")
  const files = (await readdir(folder)).filter((name) => /^bin\.\d+$/.test(name)).sort()
  const path = join(folder, files.at(-1) ?? "")
  const bytes = await readFile(path)
  const ends: number[] = []
  // Each event tells its length; the file begins with four bytes.
  for (let at = 4; at < bytes.length; at += bytes.readUInt32LE(at + 9))
    if (rowEventTypes.includes(bytes[at + 4] as number)) ends.push(at + bytes.readUInt32LE(at + 9))
  await truncate(path, ends.at(-2))
}

for (const product of mysqlProducts) {
  const skip = product.missing() ?? false

  test(`${product.label}: a log file that ends inside a transaction has its tables resynced`, {
    skip,
  }, async () => {
    const server = await shop(product)
    const before = await mysqlPipeline({ server, select })
    await before.stop()
    const session = await server.session()
    for (const sql of [
      "BEGIN",
      "INSERT INTO shop.t VALUES (2, 'x')",
      "INSERT INTO shop.t VALUES (3, 'x')",
      "COMMIT",
    ])
      await session.run(sql)
    session.close()
    await server.restart({}, () => cutInTransaction(server))
    await write(server, 4, 1)
    const after = await mysqlPipeline({ server, select, continues: before })
    assert.deepEqual(await after.differences(["shop"]), [])
    assert.equal(copies(after), 1)
    assert.deepEqual(after.reports.problems, [])
    await after.stop()
  })

  test(`${product.label}: a log that was reset while we were away, and is longer now, is another one`, {
    skip,
  }, async () => {
    const server = await shop(product)
    const before = await mysqlPipeline({ server, select })
    await before.stop()
    await resetLog(server)
    await write(server, 100, 12)
    await goesOnWithACopy(before, server)
  })

  for (const count of [1, 12])
    test(`${product.label}: a log that is reset while it is read, with ${count} transactions after it`, {
      skip,
    }, async () => {
      const server = await shop(product)
      const pipeline = await mysqlPipeline({ server, select })
      await write(server, 10, 3)
      await pipeline.settle()
      await resetLog(server)
      await write(server, 100, count)
      await waitUntil(() => copies(pipeline) === 2, { what: "the resync", timeoutMs: healedMs })
      assert.deepEqual(await pipeline.differences(["shop"]), [])
      await pipeline.stop()
    })

  test(`${product.label}: a log that was begun in the second in which the one before it was`, {
    skip,
  }, async (t) => {
    const server = await shop(product)
    await resetInOneSecond(server)
    await t.test("with rows before our place, while we were away", async () => {
      await write(server, 10, 3)
      const before = await mysqlPipeline({ server, select })
      await before.stop()
      await resetInOneSecond(server)
      await write(server, 20, 12)
      await goesOnWithACopy(before, server)
    })
    await t.test("with nothing before our place", async () => {
      await resetInOneSecond(server)
      const before = await mysqlPipeline({ server, select })
      await before.stop()
      await write(server, 40, 1)
      await resetInOneSecond(server)
      await write(server, 50, 2)
      await goesOnWithACopy(before, server)
    })
    await t.test("with definitions alone before our place", async () => {
      await resetInOneSecond(server)
      await server.sql("CREATE TABLE shop.d (id int PRIMARY KEY)", "DROP TABLE shop.d")
      const before = await mysqlPipeline({ server, select })
      await before.stop()
      await resetInOneSecond(server)
      await server.sql("CREATE TABLE shop.d (id int PRIMARY KEY)", "DROP TABLE shop.d")
      await write(server, 60, 2)
      await goesOnWithACopy(before, server)
    })
    await t.test("as long as the one before it, while it is read", async () => {
      await resetInOneSecond(server)
      const pipeline = await mysqlPipeline({ server, select })
      await write(server, 70, 1)
      await pipeline.settle()
      await resetInOneSecond(server)
      await write(server, 71, 1)
      await waitUntil(() => copies(pipeline) === 2, { what: "the resync", timeoutMs: healedMs })
      assert.deepEqual(await pipeline.differences(["shop"]), [])
      await pipeline.stop()
    })
  })

  test(`${product.label}: a server that resets something else keeps its history`, { skip }, async () => {
    const server = await shop(product)
    await write(server, 10, 3)
    const before = await mysqlPipeline({ server, select })
    await server.sql(product.resetOther)
    await write(server, 20, 1)
    await before.settle()
    await before.stop()
    await server.sql(product.resetOther)
    await write(server, 30, 1)
    const after = await mysqlPipeline({ server, select, continues: before })
    assert.deepEqual(await after.differences(["shop"]), [])
    assert.deepEqual([...before.reports.problems, ...after.reports.problems], [])
    assert.equal(copies(after), 0)
    await after.stop()
  })

  test(`${product.label}: a server put back to an earlier state, with more transactions since`, {
    skip,
  }, async () => {
    const server = await shop(product)
    const [data, backup] = [join(server.folder, "data"), join(server.folder, "backup")]
    await server.restart({}, () => cp(data, backup, { recursive: true, preserveTimestamps: true }))
    const pipeline = await mysqlPipeline({ server, select })
    await server.sql("INSERT INTO shop.t VALUES (2, 'lost')", "UPDATE shop.t SET v = 'lost' WHERE id = 1")
    await pipeline.settle()
    await server.restart({}, async () => {
      for (const name of ["ibdata1", "undo_001", "undo_002"]) await rm(join(data, name), { force: true })
      await cp(backup, data, { recursive: true, force: true, preserveTimestamps: true })
    })
    await write(server, 50, 4)
    await waitUntil(() => copies(pipeline) === 2, { what: "the resync", timeoutMs: healedMs })
    assert.deepEqual(await pipeline.differences(["shop"]), [])
    await pipeline.stop()
  })

  test(`${product.label}: a server that crashes may have lost what its log has, where its setting lets it`, {
    skip,
  }, async () => {
    const server = await shop(product, { "innodb-flush-log-at-trx-commit": "0" })
    const pipeline = await mysqlPipeline({ server, select })
    const session = await server.session()
    for (let id = 10; id < 60; id++) await session.run(`INSERT INTO shop.t VALUES (${id}, 'x')`)
    await pipeline.settle()
    await server.kill9()
    await server.restart()
    await waitUntil(() => copies(pipeline) === 2, { what: "the resync", timeoutMs: healedMs })
    assert.deepEqual(await pipeline.differences(["shop"]), [])
    const kinds = new Set(pipeline.reports.problems.map(({ kind }) => kind))
    kinds.delete("sourceUnreachable")
    assert.deepEqual([...kinds], ["sourceRestored"])
    await pipeline.stop()
  })

  test(`${product.label}: a server that restarts, rotates and is idle keeps its history`, {
    skip,
  }, async () => {
    const server = await shop(product, { "innodb-flush-log-at-trx-commit": "0" })
    const before = await mysqlPipeline({ server, select })
    await server.sql("FLUSH BINARY LOGS", "INSERT INTO shop.t VALUES (2, 'x')", "FLUSH BINARY LOGS")
    await before.settle()
    await before.stop()
    await server.restart()
    await server.sql("FLUSH BINARY LOGS", "INSERT INTO shop.t VALUES (3, 'x')")
    const after = await mysqlPipeline({ server, select, continues: before })
    assert.deepEqual(await after.differences(["shop"]), [])
    assert.deepEqual(after.reports.problems, [])
    assert.equal(copies(after), 0)
    await after.stop()
  })

  test(`${product.label}: a position of an earlier version, without a note of its log, is gone on from`, {
    skip,
  }, async () => {
    const server = await shop(product)
    const source = openMysqlSource({ url: server.url })
    const snapshot = await source.openSnapshot("millrace_noted", select, new Map())
    await snapshot.close()
    const old = (position: Position) => positionFrom(shownPosition(position))
    assert.notEqual(old(snapshot.position), snapshot.position)
    assert.equal(await source.history("millrace_noted", old(snapshot.position)), "kept")
    assert.equal(source.compare(old(snapshot.position), snapshot.position), 0)
    await resetLog(server)
    assert.equal(await source.history("millrace_noted", old(snapshot.position)), "lost")
  })
}
