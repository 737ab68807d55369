import { randomUUID } from "node:crypto"
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { WarehouseEngine } from "../../engines/warehouse-engine.ts"
import type { CopyWarehouse } from "../../loading/copy-target.ts"
import type { ParquetReader } from "../../loading/parquet-file.ts"
import { postgresDirect } from "./direct.ts"
import { type PostgresWarehouseConfiguration, postgresWarehouseFormat } from "./format.ts"

export interface PostgresEngineOptions {
  /** Reads Parquet files, which the server does not; `newPath`: where one may be put meanwhile. */
  parquet(newPath: () => string): Promise<ParquetReader>
}

/** The record of PostgreSQL among the warehouses. Its users connect to the server itself: the SQL port does not show it. */
export function postgresWarehouseEngine({
  parquet,
}: PostgresEngineOptions): WarehouseEngine<PostgresWarehouseConfiguration, never> {
  return {
    ...postgresWarehouseFormat,
    isMovable: true,
    typesOf: "postgres",
    direct: postgresDirect,
    appliesPolicies: true,
    async policiesAt(host) {
      const { openGovernedHost } = await import("./governance/host.ts")
      return openGovernedHost(host)
    },
    async open({ url, layout }, { stagingFolder }) {
      const stagingPath = await stagingFolder("postgres")
      const { openPostgresWarehouse } = await import("./warehouse.ts")
      const { databasesOf } = await import("./databases.ts")
      const warehouse = openPostgresWarehouse({ url, layout, stagingPath })
      let opening: Promise<CopyWarehouse> | undefined
      return {
        warehouse,
        databases: () => databasesOf({ url, layout }),
        unopened: () => [],
        async copies() {
          opening ??= openCopies({ url, layout }, stagingPath, parquet)
          return await opening
        },
        async policies() {
          const { openPolicyServer } = await import("./governance/policy-server.ts")
          return openPolicyServer({ url, layout })
        },
        close: warehouse.close,
      }
    },
    async preflight(configuration) {
      const { inspectServer } = await import("./preflight/inspect-server.ts")
      return await inspectServer(configuration)
    },
  }
}

/** No destination database's staging folder has a name like it: a `%` stands for a byte there. */
const folderName = "copy%"

async function openCopies(
  at: Pick<PostgresWarehouseConfiguration, "url" | "layout">,
  stagingPath: string,
  parquet: PostgresEngineOptions["parquet"],
): Promise<CopyWarehouse> {
  const folder = join(stagingPath, folderName)
  // What an earlier process left.
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { openPostgresCopies } = await import("./loading/copy-warehouse.ts")
  const reader = await parquet(() => join(folder, `${randomUUID()}.parquet`))
  return openPostgresCopies({ ...at, parquet: reader })
}
