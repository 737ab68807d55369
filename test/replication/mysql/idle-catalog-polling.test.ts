import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { mysqlProducts, mysqlServer } from "../../support/mysql/fixtures.ts"
import { mysqlPipeline } from "../../support/mysql/pipeline.ts"
import { quickWaits } from "../../support/pipeline.ts"
import { waitUntil } from "../../support/wait-until.ts"

for (const product of mysqlProducts)
  test(`${product.label}: the catalog of a server that stands still is not read, and a change after that is found`, {
    skip: product.missing() ?? false,
  }, async () => {
    const server = await mysqlServer(product)
    const run = (...sql: string[]) => server.sql("USE idle", ...sql)
    await server.sql("CREATE DATABASE idle")
    await run("CREATE TABLE t (id int PRIMARY KEY)")
    let looks = 0
    const pipeline = await mysqlPipeline({
      server,
      select: (table) => table.schema === "idle",
      around: {
        source: (real) => ({
          ...real,
          tables: (...args) => {
            looks++
            return real.tables(...args)
          },
        }),
        warehouse: (real) => real,
      },
    })
    await pipeline.settle()
    const isQuiet = async () => {
      const before = looks
      await delay(3 * quickWaits.lookEveryMs)
      return looks === before
    }
    await waitUntil(isQuiet, { what: "no look in thrice their interval", intervalMs: 0 })
    await run("CREATE TABLE u (id int PRIMARY KEY)", "INSERT INTO u VALUES (1)", "ALTER TABLE t ADD c int")
    assert.deepEqual(await pipeline.differences(["idle"]), [])
    await pipeline.stop()
  })
