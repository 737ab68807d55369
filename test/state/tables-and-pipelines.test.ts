import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { TableRecord } from "../../src/state/tables.ts"
import { anIntegration, insertInto, storeForTests } from "./integration-fixture.ts"

function aTable(integrationId: string, tableId: string, changes: Partial<TableRecord> = {}): TableRecord {
  return {
    integrationId,
    sourceDatabase: "shop",
    tableId,
    schema: "public",
    name: `t${tableId}`,
    state: "Synced",
    reason: null,
    keyColumns: ["id", 'a "quoted", {name}'],
    snapshotRows: 5_000_000_000,
    verified: {
      position: "16/B374D848",
      at: new Date("2026-02-03T04:05:06.123Z"),
      differences: 3,
      duplicates: 2,
    },
    updatedAt: new Date("2026-02-03T04:05:06.789Z"),
    ...changes,
  }
}

describe("tables", () => {
  const test = storeForTests()

  it("keeps every member, and replaces a table's record", async () => {
    const { id } = await insertInto(test.store, anIntegration())
    const table = aTable(id, "1")
    await test.store.tables.set(table)
    assert.deepEqual(await test.store.tables.ofIntegration(id), [table])
    const failed = aTable(id, "1", {
      state: "Failed",
      reason: "no",
      keyColumns: [],
      snapshotRows: null,
      verified: null,
    })
    await test.store.tables.set(failed)
    assert.deepEqual(await test.store.tables.ofIntegration(id), [failed])
  })

  it("replaces what is known of one source database and leaves the other, thousands of tables at once", async () => {
    const { id } = await insertInto(test.store, anIntegration())
    const other = aTable(id, "1", { sourceDatabase: "crm" })
    await test.store.tables.set(other)
    await test.store.tables.set(aTable(id, "old"))
    const many = Array.from({ length: 2_500 }, (_, n) => aTable(id, `n${n}`))
    await test.store.tables.replaceAll(id, "shop", many)
    const found = await test.store.tables.ofIntegration(id)
    assert.equal(found.length, 2_501)
    assert.deepEqual(found[0], other)
    assert.ok(!found.some(({ tableId }) => tableId === "old"))
    await test.store.tables.replaceAll(id, "shop", [])
    assert.deepEqual(await test.store.tables.ofIntegration(id), [other])
    await test.store.tables.removeIntegration(id)
    assert.deepEqual(await test.store.tables.ofIntegration(id), [])
  })

  it("go with their integration, and late reports of it are dropped", async () => {
    const { id } = await insertInto(test.store, anIntegration())
    await test.store.tables.set(aTable(id, "1"))
    await test.store.integrations.remove(id)
    await test.store.tables.set(aTable(id, "2"))
    await test.store.tables.replaceAll(id, "shop", [aTable(id, "3")])
    assert.deepEqual(await test.store.tables.ofIntegration(id), [])
    assert.ok(!(await test.store.tables.all()).some(({ integrationId }) => integrationId === id))
  })
})

describe("pipelines", () => {
  const test = storeForTests()

  it("are one for each source database, and put replaces", async () => {
    const { id } = await insertInto(test.store, anIntegration())
    const shop = {
      integrationId: id,
      sourceDatabase: "shop",
      destinationDatabase: "d_shop",
      sourceHandle: "h1",
    }
    const crm = { ...shop, sourceDatabase: "crm", destinationDatabase: "d_crm" }
    await test.store.pipelines.put(shop)
    await test.store.pipelines.put(crm)
    await test.store.pipelines.put({ ...shop, sourceHandle: "h2" })
    assert.deepEqual(await test.store.pipelines.ofIntegration(id), [crm, { ...shop, sourceHandle: "h2" }])
    assert.deepEqual(await test.store.pipelines.all(), [crm, { ...shop, sourceHandle: "h2" }])
    await test.store.pipelines.remove(id, "shop")
    await test.store.pipelines.remove(id, "shop")
    assert.deepEqual(await test.store.pipelines.ofIntegration(id), [crm])
  })
})
