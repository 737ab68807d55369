import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { CopyYielded } from "../../../src/replication/contracts/snapshot-invalidated.ts"
import { newRowBuffer, type RowBuffer } from "../../../src/replication/values/columns.ts"
import { tableId } from "../../../src/sources/mysql/catalog.ts"
import { openMysqlSource } from "../../../src/sources/mysql/source.ts"
import { startControl } from "../../support/control.ts"
import { mysqlProducts, mysqlServer } from "../../support/mysql/fixtures.ts"
import { mysqlPipeline } from "../../support/mysql/pipeline.ts"
import { mysqlProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"
import { waitUntil } from "../../support/wait-until.ts"

const select = ({ schema }: { schema: string }) => schema === "shop"

/** Others' reads and writes of `shop.t`, one after another, and how long the slowest took. */
async function neighbour(server: MysqlServer) {
  const session = await server.session()
  let slowestMs = 0
  let count = 0
  let isOver = false
  const timed = async (sql: string) => {
    const sinceMs = performance.now()
    await session.run(sql)
    slowestMs = Math.max(slowestMs, performance.now() - sinceMs)
  }
  const working = (async () => {
    while (!isOver) {
      await timed("SELECT count(*) FROM shop.t")
      await timed(`INSERT INTO shop.t VALUES (${1000 + count++}, 'x')`)
      await delay(5)
    }
  })()
  return {
    async end() {
      isOver = true
      await working
      session.close()
      return { slowestMs, count }
    },
  }
}

for (const product of mysqlProducts)
  test(`${product.label}: nobody waits 1 s for a copy, a late copy or a comparison behind a long SELECT`, {
    skip: product.missing() ?? false,
  }, async (context) => {
    const server = await mysqlServer(product)
    await server.sql("CREATE DATABASE shop", "CREATE TABLE shop.t (id int PRIMARY KEY, v text)")
    await server.sql("CREATE TABLE shop.u (id int PRIMARY KEY)", "INSERT INTO shop.t VALUES (1, 'a')")
    const long = await server.session()
    const sleeping = long.run("SELECT sleep(600) FROM shop.t LIMIT 1").catch(() => undefined)
    const session = await server.session()
    const control = startControl(context, () => session.run("DO 1"))
    const other = await neighbour(server)
    const pipeline = await mysqlPipeline({ server, select })
    await server.sql("INSERT INTO shop.u VALUES (1)", "ALTER TABLE shop.u MODIFY id bigint")
    await waitUntil(() => pipeline.reports.copied.filter((table) => table === "shop.u").length === 2, {
      what: "the late copy",
      timeoutMs: 60_000,
    })
    const streaming = pipeline.streaming()
    assert.ok(streaming)
    const verdicts: string[] = []
    const ids = new Set([tableId("shop", "t"), tableId("shop", "u")])
    await streaming.verify(ids, (_, { kind }) => verdicts.push(kind), new AbortController().signal)
    assert.deepEqual(verdicts, ["compared", "compared"])
    const { slowestMs, count } = await other.end()
    const allowedMs = 1_000 + control.slackMs()
    context.diagnostic(`another waited for ${Math.round(slowestMs)} ms of ${Math.round(allowedMs)} ms`)
    assert.ok(slowestMs < allowedMs, `another waited for ${slowestMs} ms of ${allowedMs} ms`)
    assert.ok(count > 10, `${count} writes`)
    assert.deepEqual(await pipeline.differences(["shop"]), [])
    await pipeline.stop()
    long.close()
    await sleeping
  })

for (const product of [mysqlProduct])
  test(`${product.label}: a read of a snapshot gives way to a statement that changes its table`, {
    skip: product.missing() ?? false,
  }, async () => {
    const server = await mysqlServer(product)
    const rows = product.numbers(400_000)
    await server.sql("CREATE DATABASE shop", "USE shop", "CREATE TABLE t (id varchar(20) PRIMARY KEY)")
    await server.sql("USE shop", `INSERT INTO t SELECT concat('row ', seq) FROM ${rows}`)
    await server.sql("CREATE TABLE shop.u (id int PRIMARY KEY)", "INSERT INTO shop.u VALUES (1)")
    const source = openMysqlSource({ url: server.url })
    const snapshot = await source.openSnapshot("millrace_way", select, new Map())
    const schemas = new Map(snapshot.tables.map(({ schema }) => [schema.name, schema]))
    const [table, small] = [schemas.get("t"), schemas.get("u")]
    assert.ok(table !== undefined && small !== undefined)
    const never = new AbortController().signal
    const none = async (rows: RowBuffer) => rows
    // What has been read is free.
    await snapshot.read(
      small,
      { token: "" },
      newRowBuffer(small.columns.map(({ type }) => type)),
      none,
      never,
    )
    await server.sql("ALTER TABLE shop.u ADD v int")
    const { promise: isTaken, resolve: take } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    const reading = snapshot.read(
      table,
      { token: "" },
      newRowBuffer(table.columns.map(({ type }) => type)),
      async () => {
        begin()
        await isTaken
        return newRowBuffer(table.columns.map(({ type }) => type))
      },
      never,
    )
    const refused = assert.rejects(reading, CopyYielded)
    await begun
    const altering = server.sql("ALTER TABLE shop.t ADD v int")
    const sinceMs = performance.now()
    await server.rows("SELECT count(*) FROM shop.t")
    const waitedMs = performance.now() - sinceMs
    await altering
    take()
    await refused
    assert.ok(waitedMs < 10_000, `another waited for ${Math.round(waitedMs)} ms`)
    await snapshot.close()
  })
