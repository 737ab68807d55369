import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
} from "@duckdb/node-api"

/** A nested value as JSON: numbers stay exact, everything without a JSON form becomes DuckDB's own text. */
export function jsonText(value: DuckDBValue): string {
  if (value === null) return "null"
  if (typeof value === "boolean" || typeof value === "bigint") return String(value)
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : JSON.stringify(String(value))
  if (value instanceof DuckDBDecimalValue) return value.toString()
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    return `[${value.items.map(jsonText).join(",")}]`
  }
  if (value instanceof DuckDBStructValue) {
    return objectText(Object.entries(value.entries))
  }
  if (value instanceof DuckDBMapValue) {
    return objectText(value.entries.map(({ key, value: held }) => [String(key), held]))
  }
  if (value instanceof DuckDBUnionValue || value instanceof DuckDBVariantValue) return jsonText(value.value)
  return JSON.stringify(String(value))
}

function objectText(entries: [string, DuckDBValue][]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`).join(",")}}`
}
