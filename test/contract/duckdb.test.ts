import { cp } from "node:fs/promises"
import { join } from "node:path"
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
