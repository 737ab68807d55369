import type { WarehouseEngine } from "../../engines/warehouse-engine.ts"
import { postgresDirect } from "./direct.ts"
import { type PostgresWarehouseConfiguration, postgresWarehouseFormat } from "./format.ts"

/** The record of PostgreSQL among the warehouses. Its users connect to the server itself: the SQL port does not show it. */
export const postgresWarehouseEngine: WarehouseEngine<PostgresWarehouseConfiguration, never> = {
  ...postgresWarehouseFormat,
  isMovable: true,
  typesOf: "postgres",
  direct: postgresDirect,
  async open({ url, layout }, { stagingFolder }) {
    const stagingPath = await stagingFolder("postgres")
    const { openPostgresWarehouse } = await import("./warehouse.ts")
    const { databasesOf } = await import("./databases.ts")
    const warehouse = openPostgresWarehouse({ url, layout, stagingPath })
    return {
      warehouse,
      databases: () => databasesOf({ url, layout }),
      unopened: () => [],
      close: warehouse.close,
    }
  },
  async preflight(configuration) {
    const { inspectServer } = await import("./preflight.ts")
    return await inspectServer(configuration)
  },
}
