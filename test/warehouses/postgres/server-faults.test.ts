/**
 * What befalls a warehouse's server, or is done there by its users: nothing is lost or doubled, what hinders the rows is said, and it
 * goes on by itself.
 */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { describe, type TestContext, test } from "node:test"
import pg from "pg"
import { noSmallDisk, smallDisk } from "../../e2e/small-disk.ts"
import { runSql } from "../../support/pipeline.ts"
import { folderOf, onServer } from "../../support/postgres/standby.ts"
import { type TestServer, testDatabase, testServer } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type Pair, type PairOptions, startPair } from "./pipeline-pair.ts"

const tables = ["busy", "still"]
/** A server that is back is noticed soon. */
const waits = { lookEveryMs: 200, longestRetryMs: 1_000 }
const patienceMs = 60_000

interface Scene extends Pair {
  url: string
  source(sql: string): Promise<void>
}

async function scene(options: PairOptions = {}): Promise<Scene> {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE busy (id int PRIMARY KEY, v text); CREATE TABLE still (id int PRIMARY KEY, v text)",
    "INSERT INTO busy SELECT i, 'first' FROM generate_series(1, 100) i",
    "INSERT INTO still SELECT i, 'first' FROM generate_series(1, 100) i",
  )
  const pair = await startPair(url, { waits, ...options })
  return Object.assign(pair, { url, source: (sql: string) => runSql(url, sql) })
}

async function problemOf({ problem }: Pair, code: string): Promise<string> {
  await waitUntil(() => problem()?.kind === code, { what: `problem ${code}`, timeoutMs: patienceMs })
  return problem()?.message ?? ""
}

const isWell = ({ problem }: Pair) =>
  waitUntil(() => problem() === undefined, { what: "no problem any more", timeoutMs: patienceMs })

/** A session of a user of the warehouse, in a transaction; answers how to end that. */
async function inTransaction(context: TestContext, { there }: Pair, sql: string): Promise<pg.Client> {
  const user = new pg.Client({
    connectionString: `postgres://${there.user}:${there.password}@${there.host}:${there.port}/${there.database}`,
    application_name: "report",
    options: '-c search_path="copy.public"',
  })
  user.on("error", () => undefined)
  await user.connect()
  context.after(() => user.end())
  await user.query("BEGIN")
  await user.query(sql)
  return user
}

describe("locks of users", { concurrency: true }, () => {
  test("a user's lock on a table is named while rows wait for it, and they come when it is gone", async (context) => {
    const pair = await scene()
    const user = await inTransaction(context, pair, "LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
    await pair.source("UPDATE busy SET v = 'second'; UPDATE still SET v = 'second'")
    const message = await problemOf(pair, "warehouseLocked")
    assert.match(
      message,
      /a lock on table "copy.public".busy, which is held by session \d+ \(user \w+, report, in a transaction since/,
    )
    await user.query("COMMIT")
    await isWell(pair)
    assert.deepEqual(await pair.differences(tables), [])
  })

  test("a long reader holds up the resync of its table only: others stream on, and later readers get through", async (context) => {
    const pair = await scene()
    const user = await inTransaction(context, pair, "SELECT count(*) FROM still")
    await resync(pair, "still")
    const message = await problemOf(pair, "warehouseLocked")
    assert.match(message, /a lock on table "copy.public".still/)
    for (let n = 1; n <= 3; n++) {
      await pair.source(`UPDATE busy SET v = 'round ${n}'; UPDATE still SET v = 'round ${n}'`)
      assert.deepEqual(await pair.differences(["busy"]), [])
      // The longest that the swap asks for the table, and then a pause.
      await pair.there.query("SET statement_timeout = '10s'; SELECT count(*) FROM still")
    }
    assert.equal(pair.problem()?.kind, "warehouseLocked")
    await user.query("COMMIT")
    await isWell(pair)
    await waitUntil(async () => (await pair.differences(tables)).length === 0, {
      what: "equal contents",
      timeoutMs: patienceMs,
    })
  })

  test("a table that changes its shape under a long reader does so when that ends; nothing is lost", async (context) => {
    const pair = await scene()
    const user = await inTransaction(context, pair, "SELECT count(*) FROM still")
    await pair.source("ALTER TABLE still ADD COLUMN w int DEFAULT 7; INSERT INTO still VALUES (1000, 'x', 8)")
    assert.match(await problemOf(pair, "warehouseLocked"), /"copy.public".still/)
    await pair.there.query("SET statement_timeout = '10s'; SELECT count(*) FROM still")
    await user.query("COMMIT")
    await isWell(pair)
    assert.deepEqual(await pair.differences(tables), [])
  })
})

let own: Promise<TestServer> | undefined

/** Another server than the one that has the sources. */
async function ownTarget(tablespace = "pg_default") {
  own ??= testServer()
  const server = await own
  const name = `target_${tablespace}`
  await runSql(server.url(), `CREATE DATABASE ${name} TABLESPACE ${tablespace}`)
  return { server, target: { url: server.url(name), drop: async () => undefined } }
}

test("the server restarts in the middle of a batch: nothing is lost, nothing comes twice", async (context) => {
  const { server, target } = await ownTarget()
  const pair = await scene({ target })
  await inTransaction(context, pair, "UPDATE busy SET v = 'mine' WHERE id = 7")
  await pair.source(
    "UPDATE busy SET v = 'second'; INSERT INTO still SELECT i FROM generate_series(101, 200) i",
  )
  await problemOf(pair, "warehouseLocked")
  await server.kill9()
  assert.match(await problemOf(pair, "warehouseUnavailable"), /warehouse/)
  await server.restart()
  await pair.rejoin()
  await isWell(pair)
  assert.deepEqual(await pair.differences(tables), [])
})

test("the server's disk is full while a batch and while a copy comes: said so, and goes on when there is room", {
  skip: noSmallDisk ?? false,
}, async (context) => {
  const disk = await smallDisk(context, 64 * 2 ** 20)
  own ??= testServer()
  const server = await own
  const program = join(await folderOf(server.url()), "cluster", "data", "PG_VERSION")
  execFileSync("chown", ["--reference", program, disk.folder])
  await runSql(server.url(), `CREATE TABLESPACE small LOCATION '${disk.folder}'`)
  const { target } = await ownTarget("small")
  const pair = await scene({ target })
  await disk.fill(2 ** 20)
  await pair.source("INSERT INTO busy SELECT i, repeat(md5(i::text), 30) FROM generate_series(1001, 11000) i")
  assert.match(await problemOf(pair, "warehouseDiskFull"), /No space left/)
  await disk.free()
  await isWell(pair)
  assert.deepEqual(await pair.differences(tables), [])
  await disk.fill(2 ** 20)
  const { reports } = pair
  reports.problems.length = 0
  await resync(pair, "busy")
  const isSaid = () => reports.problems.some(({ kind }) => kind === "warehouseDiskFull")
  await waitUntil(isSaid, { what: "the copy to have no room", timeoutMs: patienceMs })
  await disk.free()
  const copies = reports.copied.length
  await waitUntil(() => reports.copied.length > copies, { what: "the copy", timeoutMs: patienceMs })
  assert.deepEqual(await pair.differences(tables), [])
})

async function resync({ url, streaming }: Scene, table: string): Promise<void> {
  const { rows } = await onServer(url, `SELECT '${table}'::regclass::oid::text AS id`)
  assert.equal(await streaming()?.resync([String(rows[0]?.id)]), true)
}
