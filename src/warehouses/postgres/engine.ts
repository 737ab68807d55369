import type { WarehouseEngine } from "../../engines/warehouse-engine.ts"
import { type PostgresWarehouseConfiguration, postgresWarehouseFormat } from "./format.ts"

/** The record of PostgreSQL among the warehouses. Its users connect to the server itself: the SQL port does not show it. */
export const postgresWarehouseEngine: WarehouseEngine<PostgresWarehouseConfiguration, never> = {
  ...postgresWarehouseFormat,
  isMovable: true,
  typesOf: "postgres",
  async open({ url, layout }, { stagingFolder }) {
    const stagingPath = await stagingFolder("postgres")
    const { openPostgresWarehouse } = await import("./warehouse.ts")
    return {
      warehouse: openPostgresWarehouse({ url, layout, stagingPath }),
      // The server's own list is its users' to read; what is ours is made and dropped by name.
      databases: () => [],
      unopened: () => [],
      close: async () => undefined,
    }
  },
  async preflight(configuration) {
    const { inspectServer } = await import("./preflight.ts")
    return await inspectServer(configuration)
  },
}
