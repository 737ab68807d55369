import assert from "node:assert/strict"
import { cp } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { positionFrom } from "../../src/domain/position.ts"
import { TakenOver } from "../../src/replication/contracts/taken-over.ts"
import { liveTable } from "../../src/warehouses/duckdb/naming.ts"
import { type TestWarehouse, testWarehouse } from "../support/pipeline.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import { describeWarehouse } from "./warehouse.ts"
import type { WarehouseUnderTest } from "./warehouse-harness.ts"

async function openIn(folder: string): Promise<WarehouseUnderTest> {
  const home = await testWarehouse(folder)
  return under(folder, home)
}

function under(folder: string, home: TestWarehouse): WarehouseUnderTest {
  return {
    warehouse: home.warehouse,
    read: async (database, table) => {
      const found = await home.connection.runAndReadAll(`FROM ${liveTable(database, table)}`)
      return found.getRowsJson() as (number | string | null)[][]
    },
    async crash() {
      // What the files hold at this moment, without any word of farewell, is what a killed process leaves.
      const copy = await temporaryFolder("duckdb-crash")
      await cp(join(folder, "warehouse"), join(copy, "warehouse"), { recursive: true })
      await home.close()
      await removeFolder(folder)
      return openIn(copy)
    },
    async close() {
      await home.close()
      await removeFolder(folder)
    },
  }
}

describeWarehouse("duckdb", async () => openIn(await temporaryFolder("duckdb")))

test("a file that an earlier version made is opened with its position, and knows owners from then on", async () => {
  const folder = await temporaryFolder("duckdb-earlier")
  const home = await testWarehouse(folder)
  await home.instance.ensureDatabase("d")
  await home.connection.run(`
    CREATE SCHEMA d.millrace;
    CREATE TABLE d.millrace.positions
      (pipeline VARCHAR NOT NULL, position VARCHAR NOT NULL, recorded_at TIMESTAMPTZ NOT NULL);
    INSERT INTO d.millrace.positions VALUES ('p', '41', now())`)
  const crashed = await under(folder, home).crash()
  const owner = await crashed.warehouse.open({ database: "d", pipeline: "p", generation: 2 })
  assert.equal(await owner.notes.position(), "41")
  await owner.notes.advance(positionFrom("42"))
  const again = await crashed.crash()
  await assert.rejects(again.warehouse.open({ database: "d", pipeline: "p", generation: 1 }), TakenOver)
  const reopened = await again.warehouse.open({ database: "d", pipeline: "p", generation: 2 })
  assert.equal(await reopened.notes.position(), "42")
  await again.close()
})
