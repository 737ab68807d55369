/** Changes of a table of the warehouse, read over a real SQL port. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Pull } from "../../../src/profiles/flows/readers/reader.ts"
import { changesReader } from "../../../src/profiles/flows/readers/rows.ts"
import { openRowServer } from "../../../src/sources/postgres/row-server.ts"
import { password, testWarehouse } from "../../sql-port/warehouse.ts"

test("new and changed rows of a table come once; all of them where the engine numbers rows anew", async (context) => {
  const { instance, port } = await testWarehouse(context)
  const engine = await instance.connect()
  context.after(() => engine.closeSync())
  const url = `postgres://admin:${encodeURIComponent(password)}@127.0.0.1:${port.port}/shop`
  const server = openRowServer({ url, isReadOnly: false })
  const reader = changesReader({ server, from: '"public"."orders"' })
  context.after(() => reader.close())
  let position: string | undefined
  /** Reads on, and answers the ids that came. */
  async function ids(): Promise<number[]> {
    const found: number[] = []
    const from = {
      position,
      readObjects: async () => new Map(),
      sinceMs: undefined,
      signal: new AbortController().signal,
    }
    await reader.read(from, async (pull: Pull) => {
      position = pull.position
      for (const one of pull.records) if (one.kind === "fields") found.push(Number(one.fields.id))
    })
    return found
  }
  assert.equal((await ids()).length, 1_000)
  assert.deepEqual(await ids(), [])
  await engine.run("INSERT INTO shop.public.orders SELECT 2000, 1, 1, now()")
  assert.deepEqual(await ids(), [2_000])
  // As a batch of a pipeline changes rows.
  await engine.run("BEGIN; DELETE FROM shop.public.orders WHERE id IN (5, 2000)")
  await engine.run("INSERT INTO shop.public.orders SELECT unnest([5, 2000]), 7, 7, now(); COMMIT")
  assert.deepEqual((await ids()).sort(), [2_000, 5])
  await engine.run("DELETE FROM shop.public.orders WHERE id < 5")
  assert.deepEqual(await ids(), [])
  // A resync puts another table in its place.
  await engine.run("CREATE TABLE shop.public.copy AS SELECT * FROM shop.public.orders ORDER BY id DESC")
  await engine.run("BEGIN; DROP VIEW shop.public.big_orders; DROP TABLE shop.public.orders")
  await engine.run("ALTER TABLE shop.public.copy RENAME TO orders; COMMIT")
  assert.equal((await ids()).length, 996)
  assert.deepEqual(await ids(), [])
  await engine.run("TRUNCATE shop.public.orders")
  await engine.run("INSERT INTO shop.public.orders SELECT 1, 1, 1, now()")
  assert.deepEqual(await ids(), [1])
})
