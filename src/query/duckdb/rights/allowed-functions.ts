import type { DuckDBConnection } from "@duckdb/node-api"
import { type MacroWeights, macroWeights } from "../bounds/macro-weights.ts"

/** Table functions that only compute. Every other one reads files, settings or the engine's own state. */
export const allowedTableFunctions = new Set([
  "generate_series",
  "generate_subscripts",
  "json_each",
  "json_tree",
  "pg_timezone_names",
  "range",
  "regexp_split_to_table",
  "repeat",
  "repeat_row",
  "unnest",
])

/** Scalar functions that show settings, run SQL given as text, write, block a thread, or trust their bytes. */
export const deniedFunctions = new Set([
  "combine",
  "create_sort_key",
  "current_query",
  "current_setting",
  "finalize",
  "get_block_size",
  "get_current_query",
  "getenv",
  "json_execute_serialized_sql",
  "json_serialize_plan",
  "nextval",
  "set_config",
  "sleep_ms",
  "stats",
  "variant_bytes_to_variant",
  "vector_type",
  "write_log",
])

export interface FunctionLists {
  /** Everything that may stand in FROM or after CALL, by its lower-case name. */
  table: Set<string>
  /** Every function there is. */
  all: Set<string>
  /** What calls of macros become. */
  macros: MacroWeights
}

/** What this version of DuckDB brings, so that a function new to it is refused until somebody has looked at it. */
export async function functionLists(connection: DuckDBConnection): Promise<FunctionLists> {
  const result = await connection.runAndReadAll(
    "SELECT DISTINCT lower(function_name), function_type IN ('table', 'table_macro', 'pragma') FROM duckdb_functions()",
  )
  const rows = result.getRows()
  const names = (some: typeof rows) => new Set(some.map(([name]) => String(name)))
  return {
    all: names(rows),
    table: names(rows.filter(([, isTable]) => isTable === true)),
    macros: await macroWeights(connection),
  }
}

export function isDeniedFunction(name: string): boolean {
  return deniedFunctions.has(name) || name.startsWith("__internal")
}
