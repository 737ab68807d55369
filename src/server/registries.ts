/** The engines of this program: one line each. Adding an engine adds its line here, its folder and its page. */
import type { OktaSignInConfiguration, WarehouseConfiguration } from "../domain/configuration.ts"
import { type Registry, registry } from "../engines/registry.ts"
import type { SourceEngine } from "../engines/source-engine.ts"
import type { WarehouseEngine } from "../engines/warehouse-engine.ts"
import type { ParquetReader } from "../loading/parquet-file.ts"
import type { RowServer } from "../profiles/flows/readers/rows.ts"
import type { QueryEngine } from "../query/contract.ts"
import type { DuckDbQueryOptions } from "../query/duckdb/query-engine.ts"
import { dynamoDbEngine } from "../sources/dynamodb/engine.ts"
import { mysqlEngine } from "../sources/mysql/engine.ts"
import { postgresEngine } from "../sources/postgres/engine.ts"
import type { RowServerOptions } from "../sources/postgres/row-server.ts"
import { s3Engine } from "../sources/s3/engine.ts"
import { duckDbEngine } from "../warehouses/duckdb/engine.ts"
import type { DuckDbInstance } from "../warehouses/duckdb/files/instance.ts"
import { postgresWarehouseEngine } from "../warehouses/postgres/engine.ts"
import type { OktaEntrance } from "../warehouses/redshift/connection/okta-passwords.ts"
import { redshiftWarehouseEngine } from "../warehouses/redshift/engine.ts"

/** What sessions of the SQL port are opened on. */
export type QueriedEngine = DuckDbInstance

export type QueryOptions = DuckDbQueryOptions

export interface Engines {
  sources: Registry<SourceEngine>
  warehouses: Registry<WarehouseEngine<WarehouseConfiguration, QueriedEngine>>
  /** Opens an engine without rows, for the system views of a warehouse that users ask themselves. `folder`: exists. */
  openEmptyEngine(folder: string, memoryLimitBytes: number): Promise<QueriedEngine>
  /** Opens what answers the SQL port's queries on the first warehouse. */
  openQueries(options: QueryOptions): Promise<QueryEngine>
  /** Reads Parquet files; `newPath`: where one may be put meanwhile. */
  parquetReader(newPath: () => string): Promise<ParquetReader>
  /** Asks servers of sources and warehouses for rows, and the SQL port. */
  openRowServer(options: RowServerOptions): Promise<RowServer>
  /** Temporary passwords by Okta: what gives them is the cloud's own API for its warehouses. The result throws Problem. */
  oktaPasswords(
    configuration: OktaSignInConfiguration,
    entrance: OktaEntrance,
  ): () => Promise<{ user: string; password: string }>
}

const prepare = async () => (await import("../query/duckdb/dialect/macros.ts")).installDialect

const parquet = async (newPath: () => string) =>
  (await import("../warehouses/duckdb/copy/parquet-reader.ts")).newParquetReader(newPath)

export const engines: Engines = {
  parquetReader: parquet,
  openRowServer: async (options) =>
    (await import("../sources/postgres/row-server.ts")).openRowServer(options),
  sources: registry<SourceEngine>(postgresEngine, mysqlEngine, dynamoDbEngine, s3Engine),
  warehouses: registry<WarehouseEngine<WarehouseConfiguration, QueriedEngine>>(
    duckDbEngine({ prepare }),
    postgresWarehouseEngine({ parquet }),
    redshiftWarehouseEngine,
  ),
  async openEmptyEngine(path, memoryLimitBytes) {
    const { openDuckDb } = await import("../warehouses/duckdb/files/instance.ts")
    return await openDuckDb({
      path,
      stagingPath: path,
      threads: 2,
      memoryLimitBytes,
      prepare: await prepare(),
    })
  },
  openQueries: async (options) =>
    (await import("../query/duckdb/query-engine.ts")).openDuckDbQueries(options),
  oktaPasswords(configuration, entrance) {
    const passwords = async () =>
      (await import("../warehouses/redshift/connection/okta-passwords.ts")).oktaPasswords(
        configuration,
        entrance,
      )
    let known: ReturnType<typeof passwords> | undefined
    return async () => {
      known ??= passwords()
      return await (await known)()
    }
  },
}
