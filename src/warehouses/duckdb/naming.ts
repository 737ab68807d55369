import type { ColumnType, TableName, TableSchema } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import { historicalName } from "../../replication/contracts/versions.ts"
import { quoteIdentifier } from "./quoting.ts"

/** The schema, in each destination database, of our own bookkeeping. */
export const bookkeepingSchema = "millrace"

/** In every database, and nobody may make tables in them. A MySQL server's databases may be called so. */
const engineSchemas = ["pg_catalog", "information_schema"]

/** A copy in the making stands beside its live table under this suffix; the SQL port does not list it. */
export const loadingSuffix = "__millrace_loading"

/** A table that is being altered or moved, inside one transaction: nobody sees it. */
const passingSuffix = "__millrace_passing"

/** Columns of staged files and of steps in between. */
const ownColumnPrefix = "__millrace_"

const renameIt = "Rename it at the source, or leave it out with the data filter."

/** Equal where DuckDB takes two names for one: it does not mind their case. */
export function place(table: TableName): string {
  return JSON.stringify([table.schema, table.name]).toLowerCase()
}

export function isSamePlace(a: TableName, b: TableName): boolean {
  return place(a) === place(b)
}

/** Why a table cannot be held under the names it brings, if so. */
export function namingRefusal(table: TableSchema): string | undefined {
  if (engineSchemas.includes(table.schema.toLowerCase()))
    return `Its schema is called ${table.schema}, which is the warehouse engine's own. ${renameIt}`
  if (table.schema.toLowerCase() === bookkeepingSchema)
    return `Its schema is called ${bookkeepingSchema}, which Millrace keeps for itself in the warehouse. ${renameIt}`
  const suffix = [loadingSuffix, passingSuffix].find((one) => table.name.toLowerCase().endsWith(one))
  if (suffix !== undefined) return `Its name ends in ${suffix}, which Millrace keeps for itself. ${renameIt}`
  const taken = table.columns.find((column) => column.name.toLowerCase().startsWith(ownColumnPrefix))
  return taken && `Its column ${taken.name} has a name that Millrace keeps for itself. ${renameIt}`
}

export function liveTable(database: string, table: TableName): string {
  return [database, table.schema, table.name].map(quoteIdentifier).join(".")
}

export function loadingTable(database: string, table: TableName): string {
  return liveTable(database, { schema: table.schema, name: table.name + loadingSuffix })
}

export function movingTable({ schema, name }: TableName): TableName {
  return { schema, name: name + passingSuffix }
}

/** Where a table's versions go on when it keeps no more. */
export function historicalTable({ schema, name }: TableName, at: Date): TableName {
  return { schema, name: historicalName(name, at) }
}

export function alteringTable(database: string, table: TableName): string {
  return liveTable(database, movingTable(table))
}

export function bookkeepingTable(
  database: string,
  name: "positions" | "tables" | "text_columns" | "copy_files" | "versions" | "copies",
): string {
  return liveTable(database, { schema: bookkeepingSchema, name })
}

/** The DuckDB type that holds a column exactly. */
export function duckDbType(type: ColumnType): string {
  switch (type.kind) {
    case "boolean":
      return "BOOLEAN"
    case "int16":
      return "SMALLINT"
    case "int32":
      return "INTEGER"
    case "int64":
      return "BIGINT"
    case "float32":
      return "REAL"
    case "float64":
      return "DOUBLE"
    case "decimal":
      return `DECIMAL(${type.precision}, ${type.scale})`
    case "date":
      return "DATE"
    case "timestamp":
      return "TIMESTAMP"
    case "timestamptz":
      return "TIMESTAMPTZ"
    case "uuid":
      return "UUID"
    case "text":
      return "VARCHAR"
    case "json":
      return "JSON"
    case "bytes":
      return "BLOB"
    default:
      return unreachable(type)
  }
}
