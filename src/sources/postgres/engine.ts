import { addressOfUrl, type TableSourceEngine } from "../../engines/source-engine.ts"
import { type PostgresConfiguration, postgresFormat } from "./format.ts"

/** The record of PostgreSQL among the sources. */
export const postgresEngine: TableSourceEngine<PostgresConfiguration> = {
  ...postgresFormat,
  delivery: "tables",
  viewName: "PostgreSQL",
  advice: { sourceHistoryLost: "On PostgreSQL: max_slot_wal_keep_size." },
  selection: { kind: "filter", form: "database.schema.table" },
  rds: { instanceEngine: "postgres", clusterEngine: "aurora-postgresql", addressOf: addressOfUrl },
  checkedDatabase: (configuration) => addressOfUrl(configuration).database ?? "postgres",
  rowsUrlOf(configuration, database) {
    const url = new URL(configuration.url)
    url.pathname = `/${encodeURIComponent(database)}`
    return url.href
  },
  async load() {
    const { openPostgresSource } = await import("./source.ts")
    return {
      open: ({ url, failoverSlots = false }, { database, acceptInvalidText, nativeTypes }) =>
        openPostgresSource({ url, database, failoverSlots, acceptInvalidText, nativeTypes }),
    }
  },
}
