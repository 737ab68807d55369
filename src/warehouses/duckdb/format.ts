import { join, resolve } from "node:path"
import { z } from "zod"
import type { EntryFormat } from "../../configuration/entries/format.ts"
import { warehouseKeys } from "../../configuration/entries/warehouse.ts"
import { text } from "../../configuration/values.ts"
import type { WarehouseConfiguration } from "../../domain/configuration.ts"

/** A folder with one file for each destination database. */
export interface DuckDbWarehouseConfiguration extends WarehouseConfiguration {
  path: string
}

const written = z.strictObject({
  ...warehouseKeys,
  engine: z.literal("duckdb"),
  path: text.optional().describe("a folder for its files; usual: `warehouse` in `data_dir`"),
})

export const duckDbFormat: EntryFormat<DuckDbWarehouseConfiguration> = {
  name: "duckdb",
  keys: Object.keys(written.shape),
  entry: written.transform(
    ({ arn, cluster, engine, path, auto_create_database: autoCreateDatabase }) =>
      ({ folder, dataDir }) => ({
        arn,
        cluster,
        engine,
        path: path === undefined ? resolve(dataDir, "warehouse") : resolve(folder, path),
        autoCreateDatabase,
      }),
  ),
}

export const fileSuffix = ".duckdb"

/** The file of a destination database in the warehouse's folder. */
export function databaseFile(folder: string, database: string): string {
  return join(folder, `${encodeURIComponent(database)}${fileSuffix}`)
}
