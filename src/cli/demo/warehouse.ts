import type { WarehouseConfiguration } from "../../domain/configuration.ts"
import { startEmbeddedPostgres } from "../../embedded-postgres/server.ts"
import { engines } from "../../server/registries.ts"

/** Where the demo's rows go, by the word that --warehouse takes. */
export const demoWarehouses = {
  duckdb: {
    name: "DuckDB",
    start: async () => ({ entry: { engine: "duckdb" }, stop: async () => undefined }),
  },
  postgres: { name: "PostgreSQL", start: startPostgres },
} satisfies Record<string, DemoWarehouse>

export interface DemoWarehouse {
  /** As people call it. */
  name: string
  /** Starts its server, if it has one, in a folder that it has for itself. */
  start(folder: string): Promise<RunningWarehouse>
}

export interface RunningWarehouse {
  /** What millrace.yaml says of it, besides its names. */
  entry: { engine: string; [key: string]: unknown }
  /** Of its server; absent: it has none. */
  port?: number
  stop(): Promise<void>
}

/** A warehouse beside the usual one. */
export interface SecondWarehouse extends Pick<RunningWarehouse, "entry"> {
  arn: string
  cluster: string
}

export type WarehouseWord = keyof typeof demoWarehouses

export function isWarehouse(word: string): word is WarehouseWord {
  return Object.hasOwn(demoWarehouses, word)
}

async function startPostgres(folder: string): Promise<RunningWarehouse> {
  const server = await startEmbeddedPostgres({ folder })
  return { entry: { engine: "postgres", url: server.url() }, port: server.port, stop: () => server.stop() }
}

/** The usual warehouse of a configuration, as the demo has it. */
export function warehouseFrom(
  { arn, cluster }: Pick<WarehouseConfiguration, "arn" | "cluster">,
  { entry }: Pick<RunningWarehouse, "entry">,
  dataDir: string,
): WarehouseConfiguration {
  const written = { arn, cluster, ...entry }
  return engines.warehouses.of(entry).entry.parse(written)({ folder: dataDir, dataDir })
}
