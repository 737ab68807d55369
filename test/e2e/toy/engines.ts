/** The records of two toy engines: all that the program is told of them. */
import { z } from "zod"
import { databaseArn } from "../../../src/configuration/entries/database-source.ts"
import { warehouseKeys } from "../../../src/configuration/entries/warehouse.ts"
import type { SourceConfiguration, WarehouseConfiguration } from "../../../src/domain/configuration.ts"
import type { TableSourceEngine } from "../../../src/engines/source-engine.ts"
import type { WarehouseEngine } from "../../../src/engines/warehouse-engine.ts"
import type { MemoryStore } from "../../../src/warehouses/memory/store.ts"
import { openMemoryWarehouse } from "../../../src/warehouses/memory/warehouse.ts"
import type { Shelf } from "./shelf.ts"
import { openShelfSource } from "./source.ts"

interface ShelfConfiguration extends SourceConfiguration {
  shelf: string
}

const source = z.strictObject({ arn: databaseArn, engine: z.literal("shelf"), shelf: z.string() })

export function shelfEngine(shelves: ReadonlyMap<string, Shelf>): TableSourceEngine<ShelfConfiguration> {
  return {
    name: "shelf",
    keys: Object.keys(source.shape),
    entry: source.transform((one) => () => one),
    delivery: "tables",
    viewName: "Shelf",
    selection: { kind: "whole", databaseOf: ({ shelf }) => shelf },
    rds: {
      instanceEngine: "shelf",
      clusterEngine: "shelf-cluster",
      addressOf: ({ shelf }) => ({ host: "library", port: undefined, database: shelf }),
    },
    checkedDatabase: ({ shelf }) => shelf,
    load: async () => ({
      open({ shelf }) {
        const found = shelves.get(shelf)
        if (found === undefined) throw new Error(`there is no shelf ${shelf}`)
        return openShelfSource(found)
      },
    }),
  }
}

const warehouse = z.strictObject({ ...warehouseKeys, engine: z.literal("memory") })

export function memoryEngine(store: MemoryStore): WarehouseEngine<WarehouseConfiguration, never> {
  return {
    name: "memory",
    keys: Object.keys(warehouse.shape),
    entry: warehouse.transform(
      ({ arn, cluster, engine, auto_create_database: autoCreateDatabase }) =>
        () => ({ arn, cluster, engine, autoCreateDatabase }),
    ),
    preflight: async () => [],
    open: async () => ({
      warehouse: openMemoryWarehouse(store),
      databases: async () => [],
      unopened: () => [],
      close: async () => undefined,
    }),
  }
}
