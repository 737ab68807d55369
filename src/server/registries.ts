/** The engines of this program: one line each. Adding an engine adds its line here, its folder and its page. */
import type { WarehouseConfiguration } from "../domain/configuration.ts"
import { type Registry, registry } from "../engines/registry.ts"
import type { WarehouseEngine } from "../engines/warehouse-engine.ts"
import { duckDbEngine } from "../warehouses/duckdb/engine.ts"
import type { DuckDbInstance } from "../warehouses/duckdb/files/instance.ts"

/** What sessions of the SQL port are opened on. */
export type QueriedEngine = DuckDbInstance

export interface Engines {
  warehouses: Registry<WarehouseEngine<WarehouseConfiguration, QueriedEngine>>
}

const prepare = async () => (await import("../query/duckdb/dialect/macros.ts")).installDialect

export const engines: Engines = {
  warehouses: registry<WarehouseEngine<WarehouseConfiguration, QueriedEngine>>(duckDbEngine({ prepare })),
}
