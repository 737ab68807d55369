import assert from "node:assert/strict"
import { test } from "node:test"
import { DuckDBInstance } from "@duckdb/node-api"
import { deniedFunctions, isDeniedFunction } from "./allowed-functions.ts"
import { isKnownFunction } from "./known-functions.ts"

/** Catalog functions among them have stand-ins of ours. */
const leftOutOnPurpose =
  "can_cast_implicitly cast_to_type col_description current_connection_id current_query_id current_transaction_id currval format_pg_type format_type get_type getvariable is_histogram_other_bin json_deserialize_sql json_serialize_sql make_type map_to_pg_oid obj_description parse_duckdb_log_message remap_struct replace_type setseed shobj_description timetz_byte_comparable txid_current unpivot_list variant_normalize variant_to_parquet_variant"

test("no function that shows settings, runs text or waits is known", async () => {
  for (const name of deniedFunctions) assert.ok(!isKnownFunction(name), name)
  for (const name of [
    "getvariable",
    "json_serialize_sql",
    "query",
    "query_table",
    "pg_sleep",
    "pg_get_viewdef",
  ]) {
    assert.ok(!isKnownFunction(name), name)
  }
})

test("of the engine's functions, those unknown are the few that were left out", async () => {
  const instance = await DuckDBInstance.create(":memory:")
  const connection = await instance.connect()
  const result = await connection.runAndReadAll(
    "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro')",
  )
  const names = result.getRows().map((row) => String(row[0]))
  const unknown = names.filter((name) => !isKnownFunction(name) && !isDeniedFunction(name))
  // A new engine may bring more: look at each, and add to the list what only computes.
  const leftOut = unknown.filter((name) => !/^(icu_|st_|has_|pg_|inet_)/.test(name))
  assert.equal(leftOut.sort().join(" "), leftOutOnPurpose)
  connection.closeSync()
  instance.closeSync()
})
