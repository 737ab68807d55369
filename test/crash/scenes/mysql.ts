import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { newPlace, sourceArn } from "../../e2e/place.ts"
import { apiOf } from "../../e2e/rds.ts"
import { ask, assertSameRows } from "../../e2e/warehouse.ts"
import { randomFrom, rowMarker } from "../../e2e/workload.ts"
import { startWriting, type Workload, weighted } from "../../e2e/writing.ts"
import { mysqlServer } from "../../support/mysql/fixtures.ts"
import type { MysqlProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"
import { waitUntil } from "../../support/wait-until.ts"
import type { Scene } from "../random-kills.ts"
import { ownDatabase, type SceneWarehouse } from "./warehouses.ts"

const tables = ["accounts", "entries", "journal", "sentinel"]

/** Sum of all balances, which no transaction changes. */
const wholeSum = "200000.00"

/** A bank: keys of one and two columns, a table without key. */
const bankOf = ({ numbers }: MysqlProduct) => [
  "CREATE DATABASE ledger",
  "USE ledger",
  "CREATE TABLE accounts (id int PRIMARY KEY, owner varchar(60) NOT NULL, balance decimal(14,2) NOT NULL, changes bigint unsigned NOT NULL)",
  "CREATE TABLE entries (account int NOT NULL, seq int NOT NULL, note text, scan longtext, PRIMARY KEY (account, seq))",
  "CREATE TABLE journal (kind varchar(40), amount int)",
  "CREATE TABLE sentinel (id int PRIMARY KEY, n int NOT NULL)",
  "INSERT INTO sentinel VALUES (1, 0)",
  `INSERT INTO accounts SELECT seq, concat('${rowMarker} ', seq), 1000, 0 FROM ${numbers(200)}`,
  `INSERT INTO entries SELECT seq % 200 + 1, seq, concat('${rowMarker} ', seq), if(seq % 10 = 0, repeat('${rowMarker}', 300), NULL) FROM ${numbers(2_000)}`,
  `INSERT INTO journal SELECT '${rowMarker}', seq % 7 FROM ${numbers(100)}`,
]

interface Turn {
  pick(below: number): number
  next(): number
  numbers: MysqlProduct["numbers"]
}

/** The statements of one step. */
type Step = (turn: Turn) => string[]

/** Moves money and writes it down, in one transaction: the sum of all balances never changes. */
const transfer: Step = ({ pick, next }) => {
  const amount = pick(100)
  const move = (by: number) =>
    `UPDATE accounts SET balance = balance + ${by}, changes = changes + 1 WHERE id = ${pick(200) + 1}`
  const note = `INSERT INTO entries VALUES (${pick(200) + 1}, ${next()}, '${rowMarker} transfer', NULL)`
  return ["BEGIN", move(-amount), move(amount), note, "COMMIT"]
}

const steps: [weight: number, Step][] = [
  [40, transfer],
  [
    15,
    ({ pick }) => [
      `UPDATE entries SET note = concat(note, '.') WHERE account = ${pick(200) + 1} AND length(note) < 200`,
    ],
  ],
  [
    10,
    // As much as the other steps insert, once there are some 9,000: a table that grows makes each step slower.
    ({ pick }) => {
      const first = pick(200) + 1
      return [`DELETE FROM entries WHERE account BETWEEN ${first} AND ${first + 9} AND seq % 3 = ${pick(3)}`]
    },
  ],
  [
    10,
    ({ pick, next }) => [
      `UPDATE entries SET seq = ${next()} WHERE account = ${pick(200) + 1} ORDER BY seq LIMIT 1`,
    ],
  ],
  [
    10,
    ({ pick, numbers }) => [
      `INSERT INTO journal SELECT '${rowMarker}', seq DIV 3 FROM ${numbers(500)} LIMIT ${pick(20) + 1}`,
    ],
  ],
  [8, () => ["DELETE FROM journal ORDER BY amount LIMIT 5"]],
  [1, () => ["TRUNCATE TABLE journal"]],
  [
    3,
    ({ next, numbers }) => [
      `INSERT INTO entries SELECT seq % 200 + 1, ${next() * 1_000} + seq, '${rowMarker} many', if(seq % 50 = 0, repeat('${rowMarker}', 400), NULL) FROM ${numbers(500)}`,
    ],
  ],
  [3, () => ["BEGIN", "DELETE FROM accounts", "ROLLBACK"]],
]

async function startLoad(context: TestContext, server: MysqlServer, seed: number): Promise<Workload> {
  const random = randomFrom(seed)
  let sequence = 1_000_000
  const session = await server.session()
  await session.run("USE ledger")
  const { numbers } = server.product
  const turn = { pick: (below: number) => Math.floor(random() * below), next: () => ++sequence, numbers }
  const step = async () => {
    for (const statement of weighted(random, steps)(turn)) await session.run(statement)
    return true
  }
  return startWriting(context, step, 2, () => session.close())
}

/** Many kills take long, and others use the machine meanwhile. */
const patienceMs = 180_000

export async function mysqlScene(
  product: MysqlProduct,
  context: TestContext,
  into: SceneWarehouse,
): Promise<Scene> {
  const server = await mysqlServer(product)
  await server.sql(...bankOf(product))
  const source = { arn: sourceArn, url: server.url, engine: "mysql" as const }
  const { database, integration } = ownDatabase("bank")
  const { warehouseUrl } = await into.open(context, database)
  const place = await newPlace(context, { sources: [source], warehouseUrl })
  const api = apiOf(place)
  const there = (statement: string) => ask(place, database, statement)
  return {
    place,
    createIntegration: () => api.create(integration, "include: ledger.*"),
    active: () => api.becomes(integration, "active", patienceMs),
    startLoad: (seed) => startLoad(context, server, seed),
    async assertEqual() {
      await server.sql("UPDATE ledger.sentinel SET n = n + 1")
      const n = await server.rows("SELECT n FROM ledger.sentinel")
      const isThere = async () => (await there("SELECT n FROM ledger.sentinel"))[0]?.[0] === n[0]?.[0]
      await waitUntil(isThere, { what: "the warehouse to catch up", timeoutMs: patienceMs })
      // What was truncated while it was first copied is copied beside the stream, after the others.
      for (const table of tables)
        await waitUntil(() => there(`SELECT count(*) FROM ledger.${table}`), {
          what: `table ${table}`,
          timeoutMs: patienceMs,
        })
      assert.deepEqual(await there("SELECT sum(balance) FROM ledger.accounts"), [[wholeSum]])
      for (const table of tables) {
        const statement = `SELECT * FROM ledger.${table}`
        assertSameRows(table, await server.rows(statement), await there(statement))
      }
    },
  }
}
