import type { WarehouseEngine } from "../../engines/warehouse-engine.ts"
import { type RedshiftWarehouseConfiguration, redshiftWarehouseFormat } from "./format.ts"

/** The record of Redshift among the warehouses. Its users connect to it themselves: the SQL port does not show it. */
export const redshiftWarehouseEngine: WarehouseEngine<RedshiftWarehouseConfiguration, never> = {
  ...redshiftWarehouseFormat,
  isMovable: true,
  async open(configuration) {
    const { openConfigured } = await import("./open.ts")
    const { warehouse, close } = openConfigured(configuration)
    return {
      warehouse,
      // The warehouse's own list is its users' to read; what is ours is made and dropped by name.
      databases: () => [],
      unopened: () => [],
      close: async () => close(),
    }
  },
  async preflight(configuration) {
    const { inspectWarehouse } = await import("./preflight.ts")
    return await inspectWarehouse(configuration)
  },
}
