import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { mysqlServer } from "../../support/mysql/fixtures.ts"
import { type MysqlPipeline, mysqlPipeline } from "../../support/mysql/pipeline.ts"
import { type MysqlProduct, mariaDbProduct, mysqlProduct } from "../../support/mysql/products.ts"
import { testSeed } from "../../support/seed.ts"
import { tcpProxy } from "../../support/tcp-proxy.ts"
import { type Random, randomFrom } from "../random.ts"

const rounds = 4
const accounts = 40

/** Moves amounts between accounts, so that the sum tells whether a transaction was seen in part. */
function transaction(random: Random, next: () => number): string[] {
  const [from, to, amount] = [random.below(accounts), random.below(accounts), random.below(100)]
  const body = [
    `UPDATE accounts SET balance = balance - ${amount} WHERE id = ${from}`,
    `UPDATE accounts SET balance = balance + ${amount} WHERE id = ${to}`,
    `INSERT INTO journal VALUES (${next()}, ${from}, ${to}, ${amount})`,
    ...(random.chance(0.2) ? [`DELETE FROM journal ORDER BY id LIMIT ${random.below(4)}`] : []),
    ...(random.chance(0.2) ? [`INSERT INTO loose VALUES (${random.below(3)}, 'x')`] : []),
    ...(random.chance(0.1) ? ["UPDATE loose SET a = a + 1 LIMIT 2"] : []),
  ]
  if (random.chance(0.03)) return [`ALTER TABLE journal MODIFY amount ${random.pick(["int", "bigint"])}`]
  return ["BEGIN", ...body, random.chance(0.1) ? "ROLLBACK" : "COMMIT"]
}

for (const product of [mariaDbProduct, mysqlProduct])
  test(
    `${product.name} stopped and cut at any moment while it is written to`,
    { skip: product.missing() ?? false },
    (context) => survivesStops(context, product),
  )

async function survivesStops(context: TestContext, product: MysqlProduct): Promise<void> {
  const random = randomFrom(testSeed)
  const server = await mysqlServer(product)
  await server.sql(
    "CREATE DATABASE bank",
    "USE bank",
    "CREATE TABLE accounts (id int PRIMARY KEY, balance decimal(12,2))",
    "CREATE TABLE journal (id int PRIMARY KEY, source int, target int, amount int)",
    "CREATE TABLE loose (a int, b text)",
    `INSERT INTO accounts SELECT seq - 1, 1000 FROM ${product.numbers(accounts)}`,
  )
  const session = await server.session()
  await session.run("USE bank")
  let isOver = false
  let id = 0
  const writing = (async () => {
    while (!isOver) for (const sql of transaction(random, () => ++id)) await session.run(sql)
  })()
  const proxy = await tcpProxy({ host: "127.0.0.1", port: server.port })
  context.after(() => proxy.close())
  const url = `mysql://root@127.0.0.1:${proxy.port}/`
  let pipeline: MysqlPipeline | undefined
  for (let round = 0; round < rounds; round++) {
    pipeline = await mysqlPipeline({
      server,
      url,
      select: ({ schema }) => schema === "bank",
      ...(pipeline && { continues: pipeline }),
    })
    await delay(random.below(400))
    const sum = `SELECT sum(balance)::VARCHAR FROM ${pipeline.database}.bank.accounts`
    assert.deepEqual(await pipeline.home.read(sum), [[`${accounts * 1000}.00`]])
    if (random.chance(0.5)) proxy.cut()
    await delay(random.below(200))
    await pipeline.stop()
  }
  isOver = true
  await writing
  const last = await mysqlPipeline({
    server,
    url,
    select: ({ schema }) => schema === "bank",
    ...(pipeline && { continues: pipeline }),
  })
  assert.deepEqual(await last.differences(["bank"]), [])
  await last.stop()
}
