import type { WarehouseEngine } from "../../engines/warehouse-engine.ts"
import { redshiftDirect } from "./direct.ts"
import { type RedshiftWarehouseConfiguration, redshiftWarehouseFormat } from "./format.ts"

/** The record of Redshift among the warehouses. Its users connect to it themselves: the SQL port does not show it. */
export const redshiftWarehouseEngine: WarehouseEngine<RedshiftWarehouseConfiguration, never> = {
  ...redshiftWarehouseFormat,
  isMovable: true,
  direct: redshiftDirect,
  async open(configuration) {
    const { openConfigured } = await import("./open.ts")
    const { databasesOf } = await import("./databases.ts")
    const { warehouse, close } = openConfigured(configuration)
    return {
      warehouse,
      databases: () => databasesOf(configuration),
      unopened: () => [],
      close: async () => close(),
    }
  },
  async preflight(configuration) {
    const { inspectWarehouse } = await import("./preflight.ts")
    return await inspectWarehouse(configuration)
  },
}
