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

/** Each name once, and each form of a macro. Listed once: that takes the engine some 10 ms. */
const listed = `
  WITH listed AS MATERIALIZED (SELECT lower(function_name) AS name, function_type, macro_definition, parameters FROM duckdb_functions())
  SELECT DISTINCT name, function_type IN ('table', 'table_macro', 'pragma') AS is_table, NULL AS definition, NULL AS parameters FROM listed
  UNION ALL SELECT name, NULL, macro_definition, array_to_string(list_transform(parameters, lambda p: p), chr(0))
  FROM listed WHERE function_type = 'macro' AND macro_definition IS NOT NULL`

/** What this version of DuckDB brings, so that a function new to it is refused until somebody has looked at it. */
export async function functionLists(connection: DuckDBConnection): Promise<FunctionLists> {
  const rows = (await connection.runAndReadAll(listed)).getRows()
  const [forms, functions] = [rows.filter((row) => row[2] !== null), rows.filter((row) => row[2] === null)]
  const names = (some: typeof rows) => new Set(some.map(([name]) => String(name)))
  return {
    all: names(functions),
    table: names(functions.filter(([, isTable]) => isTable === true)),
    macros: macroWeights(forms.map(formOf)),
  }
}

function formOf([name, , definition, parameters]: readonly unknown[]) {
  const names = String(parameters)
  return {
    name: String(name),
    definition: String(definition),
    parameters: names === "" ? [] : names.split("\0"),
  }
}

export function isDeniedFunction(name: string): boolean {
  return deniedFunctions.has(name) || name.startsWith("__internal")
}
