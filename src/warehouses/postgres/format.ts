import { z } from "zod"
import type { EntryFormat } from "../../configuration/entries/format.ts"
import { warehouseKeys } from "../../configuration/entries/warehouse.ts"
import { postgresUrl } from "../../configuration/postgres-url.ts"
import { saidOnce, securedUrl, tlsBlock } from "../../configuration/tls/block.ts"
import { libpqTls } from "../../configuration/tls/settings.ts"
import type { WarehouseConfiguration } from "../../domain/configuration.ts"
import type { Layout } from "./naming.ts"

/** A server, reached by a role that may make what the layout needs. */
export interface PostgresWarehouseConfiguration extends WarehouseConfiguration {
  url: string
  layout: Layout
}

const written = z.strictObject({
  ...warehouseKeys,
  engine: z.literal("postgres"),
  url: postgresUrl.describe("`postgres://role:password@host:5432/database`"),
  tls: tlsBlock.optional().describe("TLS to the server; usual: as the url says, or none"),
  layout: z
    .enum(["databases", "schemas"])
    .default("databases")
    .describe("a destination database is a database of its own, or schemas of the url's"),
})

export const postgresWarehouseFormat: EntryFormat<PostgresWarehouseConfiguration> = {
  name: "postgres",
  keys: Object.keys(written.shape),
  entry: written
    .superRefine(saidOnce(libpqTls))
    .transform(({ auto_create_database: autoCreateDatabase, url, tls, ...one }) => ({ folder }) => ({
      ...one,
      url: securedUrl({ url, tls }, folder, libpqTls),
      autoCreateDatabase,
    })),
}
