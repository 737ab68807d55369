import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { positionFrom } from "../../../src/domain/position.ts"
import { startWriting } from "../../e2e/writing.ts"
import { mysqlServer } from "../../support/mysql/fixtures.ts"
import { beginMysqlPipeline, type MysqlPipeline } from "../../support/mysql/pipeline.ts"
import type { MysqlProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"
import type { TestHome } from "../../support/pipeline.ts"
import type { FaultScene } from "./suite.ts"

const servers = new Map<string, Promise<MysqlServer>>()
let cells = 0

function sharedServer(product: MysqlProduct): Promise<MysqlServer> {
  const server = servers.get(product.name) ?? mysqlServer(product)
  servers.set(product.name, server)
  return server
}

/** The cells of a product share a server; each has a database of its own there. */
export async function mysqlCell(
  product: MysqlProduct,
  context: TestContext,
  home: Promise<TestHome>,
): Promise<FaultScene> {
  const shared = await sharedServer(product)
  const { numbers } = product
  const schema = `cell${++cells}`
  await shared.sql(
    `CREATE DATABASE ${schema}`,
    `USE ${schema}`,
    "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)",
    `INSERT INTO accounts SELECT seq, 100 FROM ${numbers(200)}`,
    "CREATE TABLE journal (n int, note text)",
    `INSERT INTO journal SELECT seq, repeat('x', seq) FROM ${numbers(500)}`,
  )
  return {
    load: await startLoad(context, shared, schema),
    async begin(fault) {
      const select = (table: { schema: string }) => table.schema === schema
      const pipeline = await beginMysqlPipeline({ server: shared, select, home: await home, around: fault })
      return {
        reports: pipeline.reports,
        differences: () => pipeline.differences([schema]),
        assertPositionsAreSane: () => positionsAreSane(pipeline),
        stop: pipeline.stop,
      }
    },
  }
}

/** Transfers that keep the sum, and a table without key. */
async function startLoad(context: TestContext, { session }: MysqlServer, schema: string) {
  const client = await session()
  await client.run(`USE ${schema}`)
  let done = 0
  const step = async () => {
    const [from, to] = [(done % 200) + 1, ((done * 7) % 200) + 1]
    await client.run("BEGIN")
    await client.run(`UPDATE accounts SET balance = balance - 1 WHERE id = ${from}`)
    await client.run(`UPDATE accounts SET balance = balance + 1 WHERE id = ${to}`)
    await client.run(`INSERT INTO journal VALUES (${done}, 'moved')`)
    await client.run(`DELETE FROM journal WHERE n = ${done - 20}`)
    await client.run("COMMIT")
    done++
    return true
  }
  return startWriting(context, step, 3, () => client.close())
}

async function positionsAreSane({ home, database, source }: MysqlPipeline): Promise<void> {
  const [row] = await home.read(`SELECT position FROM "${database}".millrace.positions`)
  const now = await source.currentPosition()
  assert.ok(source.compare(positionFrom(row?.[0] ?? ""), now) <= 0, `${row?.[0]} is after ${now}`)
}
