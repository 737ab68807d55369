import type { DatabaseSource } from "../../domain/configuration.ts"
import { addressOfUrl, type TableSourceEngine } from "../../engines/source-engine.ts"
import { mysqlFormat } from "./format.ts"

/** The record of MySQL and MariaDB among the sources. */
export const mysqlEngine: TableSourceEngine<DatabaseSource> = {
  ...mysqlFormat,
  delivery: "tables",
  viewName: "MySQL",
  advice: { sourceHistoryLost: "On MySQL and MariaDB: binlog_expire_logs_seconds." },
  selection: { kind: "filter", form: "database.table" },
  rds: { instanceEngine: "mysql", clusterEngine: "aurora-mysql", addressOf: addressOfUrl },
  // A source is the whole server.
  checkedDatabase: () => "",
  async load() {
    const { openMysqlSource } = await import("./source.ts")
    return { open: ({ url }) => openMysqlSource({ url }) }
  },
}
